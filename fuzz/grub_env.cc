#include "formats/grub_env.h"

#include "fuzz/fuzz_target.h"

using namespace cordwainer;  // NOLINT(google-build-using-namespace)

// A block is mostly filling, so the input is what stands before it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string bytes(fuzz::text_of(data, size));
    if (bytes.size() < GrubEnv::kSize) bytes.resize(GrubEnv::kSize, '#');
    auto env = GrubEnv::parse(bytes, "grubenv");
    if (!env) return 0;
    fuzz::expect(*env->render() == bytes, "what is read is written as it was");
    env->set("next_entry", "generation-1");
    const auto rendered = env->render();
    fuzz::expect(rendered || env->used() > GrubEnv::kSize, "what fits is rendered");
    if (!rendered) return 0;
    const auto again = GrubEnv::parse(*rendered, "grubenv");
    fuzz::expect(again && again->get("next_entry") == "generation-1", "what is written is read");
    return 0;
}

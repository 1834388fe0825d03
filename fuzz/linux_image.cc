#include "formats/linux_image.h"

#include <algorithm>

#include "fuzz/fuzz_target.h"

using namespace cordwainer;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView image = as_bytes(fuzz::text_of(data, size));
    const auto read = [&](std::uint64_t offset, std::size_t count) -> Result<Bytes> {
        const auto start = static_cast<std::size_t>(std::min<std::uint64_t>(offset, image.size()));
        const ByteView part = image.subspan(start, std::min(count, image.size() - start));
        return Bytes(part.begin(), part.end());
    };
    const auto version = kernel_version(read);
    fuzz::expect(version.has_value(), "only reading can fail");
    if (*version) {
        const bool printable =
            std::ranges::all_of(**version, [](char c) { return c > ' ' && c <= '~'; });
        fuzz::expect(!(*version)->empty() && printable, "a version is a printable word");
    }
    return 0;
}

#include "host/native_generations.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/sha256.h"
#include "formats/boot_json.h"
#include "host/generation_names.h"

namespace cordwainer {
namespace {

constexpr std::uint64_t kLongestBootJson = 1U << 20U;  // bytes

// Which generation is named the current one.
struct Current {
    bool named = false;                   // whether there is a link
    std::optional<std::uint64_t> number;  // that it names
};

Current read_current(const Root& root, const std::string& directory) {
    const Result<std::string> text = root.read_link(directory + "/" + kCurrentName);
    if (!text) return {};
    return {true, generation_number(std::string_view(*text).substr(text->rfind('/') + 1))};
}

// The generation number `number` in `directory`, both inside the system.
Result<Generation> read_generation(const Root& root,
                                   const std::string& directory,
                                   std::uint64_t number,
                                   BootFiles& files) {
    const std::string file = directory + "/" + kBootJsonName;
    const std::string text = TRY(root.read(file, kLongestBootJson));
    const NativeParameters stored = TRY(parse_boot_json(root.outside(file), text));
    Generation generation;
    generation.number = number;
    generation.created = stored.created;
    generation.identity = sha256(text).hex();
    const auto look_at = [&](const std::string& path, const char* what) {
        const std::string place = path.starts_with('/') ? path : directory + "/" + path;
        return files.look_at(place, what, generation.problems);
    };
    BootParameters& parameters = generation.parameters;
    parameters.label = stored.label;
    parameters.kernel = look_at(stored.kernel, "the kernel");
    for (const std::string& initrd : stored.initrds) {
        parameters.initrds.push_back(look_at(initrd, "the initrd"));
    }
    for (const std::vector<std::string>& module : stored.multiboot_modules) {
        parameters.multiboot_modules.push_back(
            {look_at(module.front(), "the multiboot module"), {module.begin() + 1, module.end()}});
    }
    if (stored.device_tree) {
        parameters.device_tree = look_at(*stored.device_tree, "the device tree");
    }
    parameters.command_line = native_command_line(stored.command_line, number);
    parameters.store = stored.store;
    generation.kernel_version = files.version_of(parameters.kernel, generation.problems);
    return generation;
}

}  // namespace

Result<Generations> read_native_generations(const Root& root,
                                            const std::string& state,
                                            BootFiles& files) {
    Generations generations;
    const std::string place = state + "/" + kGenerationsDirectory;
    Result<std::vector<DirectoryEntry>> entries = root.list(place);
    if (!entries && entries.error().code == Errc::not_found) return generations;
    if (!entries) return std::move(entries).error();
    for (const auto& [entry, number] : numbered_entries(*std::move(entries), "", "")) {
        const std::string directory = place + "/" + entry.name;
        const auto skip = [&](const std::string& why) {
            generations.skipped.push_back({directory, why, number});
        };
        if (!number) {
            skip(kNoGenerationNumber);
        } else if (entry.kind != FileKind::directory) {
            skip("it is not a directory");
        } else if (auto generation = read_generation(root, directory, *number, files)) {
            generations.list.push_back(*std::move(generation));
        } else {
            skip(generation.error().message());
        }
    }
    const Current current = read_current(root, place);
    for (Generation& generation : generations.list) {
        generation.current = current.number == generation.number;
    }
    if (!current.named && !generations.list.empty()) generations.list.back().current = true;
    return generations;
}

}  // namespace cordwainer

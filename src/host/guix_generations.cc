#include "host/guix_generations.h"

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "formats/boot_parameters.h"
#include "host/generation_names.h"

namespace cordwainer {
namespace {

constexpr std::uint64_t kLongestParameters = 1U << 20U;  // bytes; Guix's are about one KiB
constexpr const char* kProfileName = "system";

// The links of the profile's directory, by number; none where it does not exist.
Result<std::vector<NumberedEntry>> generation_links(const Root& root, const GuixProfile& profile) {
    Result<std::vector<DirectoryEntry>> entries = root.list(profile.directory);
    if (!entries && entries.error().code != Errc::not_found) return std::move(entries).error();
    if (!entries) return std::vector<NumberedEntry>();
    return numbered_entries(*std::move(entries), "system-", "-link");
}

// The name of the generation's link that the profile's link names.
std::string current_name(const Root& root, const GuixProfile& profile) {
    const Result<std::string> text = root.read_link(profile.link);
    return text ? text->substr(text->rfind('/') + 1) : "";  // npos + 1 is 0
}

std::int64_t whole_seconds(std::int64_t nanoseconds) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    return nanoseconds / kSecond - (nanoseconds % kSecond < 0 ? 1 : 0);
}

BootParameters boot_parameters_of(const GuixParameters& stored,
                                  const std::string& link,
                                  BootFiles& files,
                                  std::vector<std::string>& problems) {
    BootParameters parameters;
    parameters.label = stored.label;
    const std::string image = files.kernel_image(stored.kernel);
    parameters.kernel = files.look_at(image, "the kernel", problems);
    if (stored.initrd) {
        parameters.initrds.push_back(files.look_at(*stored.initrd, "the initrd", problems));
    }
    for (const std::vector<std::string>& module : stored.multiboot_modules) {
        parameters.multiboot_modules.push_back(
            {files.look_at(module.front(), "the multiboot module", problems),
             {module.begin() + 1, module.end()}});
    }
    parameters.command_line = guix_command_line(stored, link);
    parameters.store = stored.store;
    return parameters;
}

// `link`: the generation's link, inside the system; `directory`: where it is, opened.
Result<Generation> read_generation(const Root& root,
                                   const Fd& directory,
                                   const std::string& link,
                                   BootFiles& files) {
    const std::size_t name = link.rfind('/') + 1;
    Result<SymbolicLink> found = link_at(directory, link.c_str() + name, root.outside(link));
    if (!found) return std::move(found).error();
    const bool absolute = found->text.starts_with('/');
    const std::string target = absolute ? found->text : link.substr(0, name) + found->text;
    const std::string file = link + "/parameters";
    const Result<std::string> text = root.read(file, kLongestParameters);
    Generation generation;
    generation.created = whole_seconds(found->status.modified);
    generation.identity = target;
    // An item of the store is what it is for ever. Any other link, and one that leads nowhere, is
    // followed to its end.
    if (!text || !is_store_item(target)) generation.identity = TRY(root.follow(target));
    if (!text) return text.error();
    const GuixParameters stored = TRY(parse_boot_parameters(root.outside(file), *text));
    generation.parameters = boot_parameters_of(stored, link, files, generation.problems);
    generation.kernel_version = files.version_of(generation.parameters.kernel, generation.problems);
    return generation;
}

}  // namespace

Result<GuixProfile> guix_profile(const Root& root, const std::string& path) {
    std::string place = std::filesystem::path("/" + path).lexically_normal().string();
    bool is_directory = place.ends_with('/');
    while (place.size() > 1 && place.ends_with('/')) place.pop_back();
    if (!is_directory) {
        const auto status = TRY(root.link_status(place));
        is_directory = status && status->kind == FileKind::directory;
    }
    const std::string base = place == "/" ? "" : place;
    if (is_directory) return GuixProfile{place, base + "/" + kProfileName};
    const std::size_t slash = place.rfind('/');
    return GuixProfile{slash == 0 ? "/" : place.substr(0, slash), place};
}

Result<bool> has_guix_generations(const Root& root, const GuixProfile& profile) {
    const auto link = TRY(root.link_status(profile.link));
    if (link) return true;
    const auto links = TRY(generation_links(root, profile));
    return !links.empty();
}

Result<Generations> read_guix_generations(const Root& root,
                                          const GuixProfile& profile,
                                          BootFiles& files) {
    Generations generations;
    const std::string current = current_name(root, profile);
    const std::string base = profile.directory == "/" ? "" : profile.directory;
    const std::vector<NumberedEntry> links = TRY(generation_links(root, profile));
    if (links.empty()) return generations;
    const Fd directory = TRY(root.open_file(profile.directory, O_PATH | O_DIRECTORY));
    generations.list.reserve(links.size());
    for (const auto& [entry, number] : links) {
        const std::string link = base + "/" + entry.name;
        if (!number) {
            generations.skipped.push_back({link, kNoGenerationNumber});
            continue;
        }
        Result<Generation> generation = read_generation(root, directory, link, files);
        if (!generation) {
            generations.skipped.push_back({link, generation.error().message()});
            continue;
        }
        generation->number = *number;
        generation->current = entry.name == current;
        generations.list.push_back(*std::move(generation));
    }
    return generations;
}

}  // namespace cordwainer

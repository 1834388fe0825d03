#include "host/guix_generations.h"

#include <cstdint>
#include <filesystem>
#include <future>
#include <system_error>
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

// What the profile's directory and a generation's own file say of it; its boot files are not looked
// at yet.
struct StoredGeneration {
    std::int64_t created = 0;
    std::string identity;
    GuixParameters parameters;
};

// `directory`: the profile's, opened; `base`: its path inside the system, "" for "/".
Result<StoredGeneration> read_stored(const Root& root,
                                     const Fd& directory,
                                     const std::string& base,
                                     const NumberedEntry& entry) {
    if (!entry.number) return Error(Errc::invalid_input, kNoGenerationNumber);
    const std::string link = base + "/" + entry.entry.name;
    Result<SymbolicLink> found = link_at(directory, entry.entry.name.c_str(), root.outside(link));
    if (!found) return std::move(found).error();
    const bool absolute = found->text.starts_with('/');
    const std::string target = absolute ? found->text : base + "/" + found->text;
    const std::string file = link + "/parameters";
    const Result<std::string> text = root.read(file, kLongestParameters);
    StoredGeneration stored;
    stored.created = whole_seconds(found->status.modified);
    stored.identity = target;
    // An item of the store is what it is for ever. Any other link, and one that leads nowhere, is
    // followed to its end.
    if (!text || !is_store_item(target)) stored.identity = TRY(root.follow(target));
    if (!text) return text.error();
    stored.parameters = TRY(parse_boot_parameters(root.outside(file), *text));
    return stored;
}

// Of each link; the second half on a thread of its own where there are many, since reading and
// parsing them is most of what planning does.
std::vector<Result<StoredGeneration>> read_all_stored(const Root& root,
                                                      const Fd& directory,
                                                      const std::string& base,
                                                      const std::vector<NumberedEntry>& links) {
    std::vector<Result<StoredGeneration>> all(links.size(), StoredGeneration{});
    const auto read_from = [&](std::size_t first, std::size_t end) {
        for (std::size_t i = first; i < end; ++i) {
            all[i] = read_stored(root, directory, base, links[i]);
        }
    };
    constexpr std::size_t kMany = 100;
    const std::size_t half = links.size() < kMany ? links.size() : links.size() / 2;
    std::future<void> rest;
    try {
        if (half < links.size()) {
            rest = std::async(std::launch::async, read_from, half, links.size());
        }
    } catch (const std::system_error&) {  // no thread to be had
        read_from(half, links.size());
    }
    read_from(0, half);
    if (rest.valid()) rest.get();
    return all;
}

Generation generation_of(StoredGeneration stored, const std::string& link, BootFiles& files) {
    Generation generation;
    generation.created = stored.created;
    generation.identity = std::move(stored.identity);
    generation.parameters = boot_parameters_of(stored.parameters, link, files, generation.problems);
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
    std::vector<Result<StoredGeneration>> all = read_all_stored(root, directory, base, links);
    generations.list.reserve(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& [entry, number] = links[i];
        const std::string link = base + "/" + entry.name;
        if (!all[i]) {
            generations.skipped.push_back({link, all[i].error().message()});
            continue;
        }
        generations.list.push_back(generation_of(*std::move(all[i]), link, files));
        generations.list.back().number = *number;
        generations.list.back().current = entry.name == current;
    }
    return generations;
}

}  // namespace cordwainer

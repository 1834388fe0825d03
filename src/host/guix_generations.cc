#include "host/guix_generations.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <future>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "formats/boot_parameters.h"
#include "host/boot_files.h"
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

// Where the links of a profile are.
struct ProfileLinks {
    const Root& root;
    const Fd& directory;  // opened
    std::string base;     // its path inside the system, "" for "/"
    std::string current;  // the name of the link that the profile's link names
};

// `generation`: a new one, which is filled in.
Result<void> read_generation(const ProfileLinks& links,
                             const NumberedEntry& entry,
                             BootFiles& files,
                             Generation& generation) {
    if (!entry.number) return Error(Errc::invalid_input, kNoGenerationNumber);
    const Root& root = links.root;
    const std::string link = links.base + "/" + entry.entry.name;
    Result<SymbolicLink> found =
        link_at(links.directory, entry.entry.name.c_str(), root.outside(link));
    if (!found) return std::move(found).error();
    const bool absolute = found->text.starts_with('/');
    std::string target = absolute ? std::move(found->text) : links.base + "/" + found->text;
    const std::string file = link + "/parameters";
    const Result<std::string> text = root.read(file, kLongestParameters);
    // An item of the store is what it is for ever. Any other link, and one that leads nowhere, is
    // followed to its end.
    if (!text || !is_store_item(target)) target = TRY(root.follow(target));
    if (!text) return text.error();
    const GuixParameters stored = TRY(parse_boot_parameters(root.outside(file), *text));
    generation.number = *entry.number;
    generation.current = entry.entry.name == links.current;
    generation.created = whole_seconds(found->status.modified);
    generation.identity = std::move(target);
    generation.parameters = boot_parameters_of(stored, link, files, generation.problems);
    generation.kernel_version = files.version_of(generation.parameters.kernel, generation.problems);
    return {};
}

// Reads the entries by parts that are taken in turn, so that several threads can do it at once.
class Reading {
  public:
    Reading(const ProfileLinks& links, std::span<const NumberedEntry> entries)
        : links_(links), entries_(entries), list_(entries.size()), why_not_(entries.size()) {}

    // Reads parts until all are taken. `files`: for this thread.
    void read_parts(BootFiles files) {
        constexpr std::size_t kPart = 50;
        while (true) {
            const std::size_t begin = next_.fetch_add(kPart);
            if (begin >= entries_.size()) return;
            const std::size_t end = std::min(begin + kPart, entries_.size());
            for (std::size_t i = begin; i < end; ++i) {
                const Result<void> read = read_generation(links_, entries_[i], files, list_[i]);
                if (!read) why_not_[i] = read.error().message();
            }
        }
    }

    // What was read, once all of it is.
    Generations take() {
        Generations all;
        std::size_t count = 0;
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            if (why_not_[i]) {
                all.skipped.push_back(
                    {links_.base + "/" + entries_[i].entry.name, *why_not_[i], entries_[i].number});
                continue;
            }
            if (count != i) list_[count] = std::move(list_[i]);
            ++count;
        }
        list_.resize(count);
        all.list = std::move(list_);
        return all;
    }

  private:
    const ProfileLinks& links_;
    std::span<const NumberedEntry> entries_;
    std::atomic<std::size_t> next_ = 0;  // the first entry of the next part
    std::vector<Generation> list_;       // of each entry
    std::vector<std::optional<std::string>> why_not_;
};

// On two threads where there are many, since this is most of what planning does.
Generations read_all(const ProfileLinks& links,
                     std::span<const NumberedEntry> entries,
                     DigestCache& cache,
                     bool digests) {
    const BootFiles files(links.root, cache, digests);
    Reading reading(links, entries);
    constexpr std::size_t kMany = 100;
    std::future<void> other;
    // Where no thread is to be had, get() does it here, when nothing is left to do.
    if (entries.size() >= kMany) other = std::async([&] { reading.read_parts(files); });
    reading.read_parts(files);
    if (other.valid()) other.get();
    return reading.take();
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
                                          DigestCache& cache,
                                          bool digests) {
    const std::vector<NumberedEntry> entries = TRY(generation_links(root, profile));
    if (entries.empty()) return Generations{};
    const Fd directory = TRY(root.open_file(profile.directory, O_PATH | O_DIRECTORY));
    const ProfileLinks links{.root = root,
                             .directory = directory,
                             .base = profile.directory == "/" ? "" : profile.directory,
                             .current = current_name(root, profile)};
    return read_all(links, entries, cache, digests);
}

}  // namespace cordwainer

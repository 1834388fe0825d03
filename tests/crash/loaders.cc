#include "tests/crash/loaders.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "core/bytes.h"

namespace cordwainer::test {
namespace {

using Wrong = std::optional<std::string>;
using Core = KnownPlan::Core;

// The paths that a menu has the loader read, in GRUB's syntax and in that of BLS entries.
std::vector<std::string> named_in(const std::string& menu) {
    std::vector<std::string> names;
    std::istringstream lines(menu);
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        std::string word;
        words >> word;
        const bool one = word == "linux";
        if (!one && word != "initrd" && word != "efi") continue;
        while (words >> word) {
            names.push_back(word);
            if (one) break;
        }
    }
    return names;
}

std::vector<const KnownPlan*> both(const KnownPlan* old_plan, const KnownPlan& new_plan) {
    return old_plan ? std::vector<const KnownPlan*>{old_plan, &new_plan}
                    : std::vector<const KnownPlan*>{&new_plan};
}

const std::string* content_in(const KnownPlan& plan,
                              const std::string& target,
                              const std::string& path) {
    const auto files = plan.files.find(target);
    if (files == plan.files.end()) return nullptr;
    const auto found = files->second.find(path);
    return found == files->second.end() ? nullptr : &found->second;
}

class Grub {
  public:
    Grub(const ModelledMachine& machine,
         const MediumState& state,
         const KnownPlan* old_plan,
         const KnownPlan& new_plan)
        : machine_(machine),
          state_(state),
          first_(old_plan == nullptr),
          plans_(both(old_plan, new_plan)) {}

    [[nodiscard]] Wrong all_roads() const {
        if (plans_.back()->boot_step) {
            if (auto wrong = from_disk()) return "from the disk: " + *wrong;
        }
        for (const auto& [target, files] : plans_.back()->files) {
            for (const auto& [path, content] : files) {
                const bool is_core = std::ranges::any_of(
                    plans_.back()->cores, [&](const Core& core) { return core.bytes == content; });
                if (!is_core) continue;
                if (auto wrong = from_file(target, path)) return path + ": " + *wrong;
            }
        }
        return for_other_loaders();
    }

  private:
    [[nodiscard]] Wrong from_disk() const {
        const std::string sector = machine_.disk().sector(state_, 0);
        if (first_ && sector == std::string(sector.size(), '\0')) return std::nullopt;
        const auto& step = *plans_.back()->boot_step;
        const std::uint64_t lba = le64_at(as_bytes(sector), step.pointer_offset).value_or(0);
        if (!is_boot_code(sector)) return "the boot sector is broken";
        for (const KnownPlan* plan : plans_) {
            for (const Core& core : plan->cores) {
                if (core.lba == lba && lba != 0 && is_on_disk(core)) return from_core(core);
            }
        }
        return "no whole core image at LBA " + std::to_string(lba);
    }

    [[nodiscard]] bool is_boot_code(const std::string& sector) const {
        const auto& step = *plans_.back()->boot_step;
        const auto blank = [&](std::string text) {
            text.replace(step.pointer_offset, 8, 8, '\0');
            for (const auto& range : step.keep)
                text.replace(range.first, range.count, range.count, '\0');
            return text;
        };
        return std::ranges::any_of(
            plans_, [&](const KnownPlan* plan) { return blank(plan->boot_code) == blank(sector); });
    }

    [[nodiscard]] bool is_on_disk(const Core& core) const {
        for (std::size_t at = 0; at < core.bytes.size(); at += 512) {
            if (machine_.disk().sector(state_, core.lba + at / 512) != core.bytes.substr(at, 512))
                return false;
        }
        return true;
    }

    [[nodiscard]] Wrong from_file(const std::string& target, const std::string& path) const {
        const auto bytes = machine_.read(state_, target, path);
        if (!bytes || bytes->empty()) {
            const bool needed = !first_ && content_in(*plans_.front(), target, path);
            return needed ? Wrong("it is gone") : std::nullopt;
        }
        for (const KnownPlan* plan : plans_) {
            for (const Core& core : plan->cores) {
                if (core.bytes == *bytes) return from_core(core);
            }
        }
        return "a broken core image";
    }

    // The menu that a core finds, the modules beside it, and the kernels that it names.
    [[nodiscard]] Wrong from_core(const Core& core) const {
        const auto at = core.prefix.find("/cordwainer/");
        if (at == std::string::npos) return "a core image that looks elsewhere";
        const std::string offset = core.prefix.substr(0, at + 1);
        const std::string directory = core.prefix.substr(at + 1);
        const auto menu = machine_.read(state_, "files", directory + "/grub.cfg");
        if (!menu) return "no menu";
        for (const KnownPlan* plan : plans_) {
            const std::string* known = content_in(*plan, "files", directory + "/grub.cfg");
            if (known && *known == *menu) return needed_by(*plan, *menu, offset, directory);
        }
        return "neither the old menu nor the new one";
    }

    [[nodiscard]] Wrong needed_by(const KnownPlan& plan,
                                  const std::string& menu,
                                  const std::string& offset,
                                  const std::string& directory) const {
        for (const auto& [path, content] : plan.files.at("files")) {
            if (!path.starts_with(directory + "/")) continue;
            if (machine_.read(state_, "files", path) != content) return path + " is not there";
        }
        for (const std::string& name : named_in(menu)) {
            if (!name.starts_with(offset)) continue;  // in the store, which is not on this medium
            const std::string path = name.substr(offset.size());
            const std::string* content = content_in(plan, "files", path);
            if (!content) return "a name that nothing was planned for: " + path;
            if (machine_.read(state_, "files", path) != *content) return path + " is not there";
        }
        return std::nullopt;
    }

    // The menu at the usual place, which leads others to ours.
    [[nodiscard]] Wrong for_other_loaders() const {
        const auto found = machine_.read(state_, "files", "grub.cfg");
        if (!found || found->empty()) return first_ ? std::nullopt : Wrong("grub.cfg is gone");
        for (const KnownPlan* plan : plans_) {
            const std::string* known = content_in(*plan, "files", "grub.cfg");
            if (known && *known == *found) return std::nullopt;
        }
        return "grub.cfg is broken";
    }

    const ModelledMachine& machine_;
    const MediumState& state_;
    bool first_;
    std::vector<const KnownPlan*> plans_;
};

// The entry that systemd-boot starts, of those whose text is given by path: what loader.conf names,
// else the newest.
std::string default_of(const Files& files) {
    const auto settings = files.find("loader/loader.conf");
    if (settings != files.end()) {
        const auto at = settings->second.find("\ndefault ");
        if (at != std::string::npos) {
            const auto first = at + 9;
            return settings->second.substr(first, settings->second.find('\n', first) - first);
        }
    }
    std::string newest;
    int highest = -1;
    for (const auto& [path, text] : files) {
        const auto at = text.find("\nversion ");
        if (!path.starts_with("loader/entries/") || at == std::string::npos) continue;
        int version = 0;
        std::from_chars(text.data() + at + 9, text.data() + text.size(), version);
        if (version > highest) newest = path.substr(std::string("loader/entries/").size());
        highest = std::max(highest, version);
    }
    return newest;
}

class SystemdBoot {
  public:
    SystemdBoot(const ModelledMachine& machine,
                const MediumState& state,
                const KnownPlan* old_plan,
                const KnownPlan& new_plan)
        : machine_(machine), state_(state), old_(old_plan), new_(new_plan) {}

    // An ESP with the boot partition, if there is one.
    [[nodiscard]] Wrong boot(const std::string& esp) const {
        Files found;
        if (auto wrong = read(esp, found)) return wrong;
        if (new_.files.contains("boot")) {
            if (auto wrong = read("boot", found)) return wrong;
        }
        return chooses(esp, found);
    }

  private:
    // Checks what systemd-boot reads there, and adds it to `found`. A file without content is one
    // that is just being made; it is passed over.
    [[nodiscard]] Wrong read(const std::string& target, Files& found) const {
        for (const std::string& path : paths_of(target)) {
            const auto content = machine_.read(state_, target, path);
            if (!content || content->empty()) {
                if (old_ && content_in(*old_, target, path) && content_in(new_, target, path))
                    return path + " is gone";
                continue;
            }
            if (!is_known(target, path, *content)) return path + " is broken";
            found[path] = *content;
            if (auto wrong = needed_by(target, *content)) return path + ": " + *wrong;
        }
        return std::nullopt;
    }

    // Entries, programs and settings: what the firmware and systemd-boot read. Of entries all that
    // are there, whoever made them.
    [[nodiscard]] std::set<std::string> paths_of(const std::string& target) const {
        std::set<std::string> paths;
        for (const KnownPlan* plan : both(old_, new_)) {
            for (const auto& [path, content] : plan->files.at(target)) {
                if (path.starts_with("loader/") || path.ends_with(".efi") ||
                    path.starts_with("EFI/BOOT/"))
                    paths.insert(path);
            }
        }
        for (const std::string& path : machine_.all(state_, target)) {
            if (path.starts_with("loader/entries/") && path.ends_with(".conf")) paths.insert(path);
        }
        return paths;
    }

    [[nodiscard]] bool is_known(const std::string& target,
                                const std::string& path,
                                const std::string& content) const {
        return std::ranges::any_of(both(old_, new_), [&](const KnownPlan* plan) {
            const std::string* known = content_in(*plan, target, path);
            return known && *known == content;
        });
    }

    [[nodiscard]] Wrong needed_by(const std::string& target, const std::string& entry) const {
        for (const std::string& name : named_in(entry)) {
            const std::string path = name.substr(1);
            const auto content = machine_.read(state_, target, path);
            if (!content || !is_known(target, path, *content)) return path + " is not there";
        }
        return std::nullopt;
    }

    // Before the first entry of a first installation there is nothing to choose.
    [[nodiscard]] Wrong chooses(const std::string& esp, const Files& found) const {
        const std::string chosen = default_of(found);
        if (chosen.empty()) return old_ ? Wrong("no entry") : std::nullopt;
        if (!found.contains("loader/entries/" + chosen)) {
            return old_ ? Wrong("the default " + chosen + " is not there") : std::nullopt;
        }
        for (const KnownPlan* plan : both(old_, new_)) {
            Files files = plan->files.at(esp);
            const auto more = plan->files.find("boot");
            if (more != plan->files.end()) files.insert(more->second.begin(), more->second.end());
            if (default_of(files) == chosen) return std::nullopt;
        }
        return old_ ? Wrong("another default: " + chosen) : std::nullopt;
    }

    const ModelledMachine& machine_;
    const MediumState& state_;
    const KnownPlan* old_;
    const KnownPlan& new_;
};

Wrong strangers(const ModelledMachine& machine, const MediumState& state) {
    for (const auto& [target, files] : machine.files()) {
        if (machine.read(state, target, ModelledMachine::kStranger) != ModelledMachine::stranger())
            return "a stranger's file on " + target + " is gone";
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> boot_with_grub(const ModelledMachine& machine,
                                          const MediumState& state,
                                          const KnownPlan* old_plan,
                                          const KnownPlan& new_plan) {
    if (auto wrong = strangers(machine, state)) return wrong;
    return Grub(machine, state, old_plan, new_plan).all_roads();
}

std::optional<std::string> boot_with_systemd_boot(const ModelledMachine& machine,
                                                  const MediumState& state,
                                                  const KnownPlan* old_plan,
                                                  const KnownPlan& new_plan) {
    if (auto wrong = strangers(machine, state)) return wrong;
    for (const auto& [target, files] : new_plan.files) {
        if (!target.starts_with("esp")) continue;
        if (auto wrong = SystemdBoot(machine, state, old_plan, new_plan).boot(target))
            return target + ": " + *wrong;
    }
    return std::nullopt;
}

}  // namespace cordwainer::test

#include "bootloaders/systemd_boot/menu.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

namespace cordwainer::systemd_boot {
namespace {

std::string name_of(const Generation& generation) {
    return "generation " + std::to_string(generation.number);
}

// "DIGEST-NAME", whose end tells a person what it is: only characters that FAT and an entry's
// lines take.
std::string copy_name(const HostFile& file) {
    constexpr std::size_t kLongest = 64;
    std::string name = file.path.substr(file.path.rfind('/') + 1).substr(0, kLongest);
    for (char& c : name) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                           std::string_view("._+-").contains(c);
        if (!plain) c = '_';
    }
    // FAT drops dots at the end.
    while (name.ends_with('.')) name.back() = '_';
    return file.digest.hex() + "-" + name;
}

Result<HostFile> source_of(const BootFile& file) {
    if (!file.present) return Error(Errc::not_found, file.path + " does not exist");
    if (!file.digest) return Error(Errc::invalid_input, file.path + " was not read");
    return HostFile{.base = HostFile::Base::system,
                    .path = file.path,
                    .digest = *file.digest,
                    .size = file.size};
}

class MenuMaker {
  public:
    MenuMaker(const InstallRequest& request, const Config& config, const std::string& own)
        : request_(request), config_(config), own_(own) {}

    Result<Menu> make() {
        const std::vector<HostFile> microcode = TRY(configured(config_.microcode));
        const std::vector<HostFile> extra = TRY(configured(config_.extra_initrds));
        const std::vector<Generation>& all = request_.generations;
        for (auto generation = all.rbegin(); generation != all.rend(); ++generation) {
            if (!wanted(*generation)) continue;
            const auto added = add(*generation, microcode, extra);
            if (added) continue;
            // Where a file is not there, its generation may know why: it cannot be read.
            const bool known =
                added.error().code == Errc::not_found && !generation->problems.empty();
            const std::string reason =
                known ? generation->problems.front() : added.error().message();
            const std::string why = name_of(*generation) + " cannot be booted: " + reason;
            if (is_current(*generation)) return Error(Errc::refused, "the current " + why);
            menu_.warnings.push_back(why + "; it is left out of the menu");
        }
        if (menu_.entries.empty()) {
            return Error(Errc::refused, "there is no generation that can be booted");
        }
        choose_default();
        return std::move(menu_);
    }

  private:
    [[nodiscard]] bool is_current(const Generation& generation) const {
        return request_.current && generation.number == request_.current->number;
    }

    [[nodiscard]] bool wanted(const Generation& generation) const {
        return is_current(generation) || config_.default_generation == generation.number ||
               !config_.max_generations || menu_.entries.size() < *config_.max_generations;
    }

    // Files that the configuration names.
    [[nodiscard]] Result<std::vector<HostFile>> configured(
        const std::vector<std::string>& paths) const {
        std::vector<HostFile> found;
        for (const std::string& path : paths) {
            const auto file = request_.observed.package.system_files.find(path);
            if (file == request_.observed.package.system_files.end()) {
                return Error(Errc::not_found,
                             path + ", which the configuration names, does not exist");
            }
            found.push_back(file->second.source);
        }
        return found;
    }

    // Only what a whole entry needs is copied.
    Result<void> add(const Generation& generation,
                     const std::vector<HostFile>& microcode,
                     const std::vector<HostFile>& extra) {
        const BootParameters& parameters = generation.parameters;
        if (!parameters.multiboot_modules.empty()) {
            return Error(Errc::unsupported,
                         "it is a multiboot system, and systemd-boot starts EFI programs only");
        }
        std::map<std::string, HostFile> copies;
        const auto copy = [&](const HostFile& source) {
            const std::string path = own_ + "/kernels/" + copy_name(source);
            copies.emplace(path, source);
            return "/" + path;
        };
        std::vector<HostFile> initrds = microcode;
        for (const BootFile& file : parameters.initrds) initrds.push_back(TRY(source_of(file)));
        initrds.insert(initrds.end(), extra.begin(), extra.end());

        EntryFiles files;
        files.kernel = copy(TRY(source_of(parameters.kernel)));
        std::ranges::transform(initrds, std::back_inserter(files.initrds), copy);
        if (parameters.device_tree) {
            files.device_tree = copy(TRY(source_of(*parameters.device_tree)));
        }
        Entry entry = TRY(make_entry(generation, files));
        warn_of_length(generation, files);
        warn_of_sizes(initrds);
        numbers_.push_back(generation.number);
        menu_.entries.push_back(std::move(entry));
        menu_.copies.merge(copies);
        return {};
    }

    void warn_of_length(const Generation& generation, const EntryFiles& files) {
        // Linux's COMMAND_LINE_SIZE on x86 and arm64, less the terminating NUL.
        constexpr std::size_t kLongest = 2047;
        const std::size_t size = command_line_size(generation, files);
        if (size <= kLongest) return;
        menu_.warnings.push_back(name_of(generation) + ": its command line of " +
                                 std::to_string(size) +
                                 " bytes, with the initrds' paths, is longer than the " +
                                 std::to_string(kLongest) + " that Linux takes");
    }

    // systemd-boot joins initrds as they are (src/boot/efi/initrd.c; seen with 252), and Linux
    // looks for an uncompressed archive only at multiples of 4 (init/initramfs.c,
    // unpack_to_rootfs).
    void warn_of_sizes(const std::vector<HostFile>& initrds) {
        constexpr std::uint64_t kAlignment = 4;
        for (std::size_t i = 0; i + 1 < initrds.size(); ++i) {
            if (initrds[i].size % kAlignment == 0 || !warned_.insert(initrds[i].path).second) {
                continue;
            }
            menu_.warnings.push_back(
                initrds[i].path + " has " + std::to_string(initrds[i].size) +
                " bytes, no multiple of 4, and systemd-boot adds none: an initrd after it that is "
                "not compressed will not be found");
        }
    }

    // The position of a generation's entry.
    [[nodiscard]] std::optional<std::size_t> find(std::uint64_t number) const {
        const auto found = std::ranges::find(numbers_, number);
        if (found == numbers_.end()) return std::nullopt;
        return static_cast<std::size_t>(found - numbers_.begin());
    }

    void choose_default() {
        std::size_t chosen = 0;
        if (request_.current) chosen = find(request_.current->number).value_or(chosen);
        if (const auto& number = config_.default_generation) {
            const auto configured = find(*number);
            if (!configured) {
                menu_.warnings.push_back("`default-generation` is " + std::to_string(*number) +
                                         ", which is not in the menu; generation " +
                                         std::to_string(numbers_[chosen]) + " boots by default");
            }
            chosen = configured.value_or(chosen);
        }
        menu_.default_entry = menu_.entries[chosen].name;
        if (!request_.current || numbers_[chosen] != request_.current->number) {
            menu_.other_default = OtherDefault{.generation = numbers_[chosen]};
        }
    }

    const InstallRequest& request_;
    const Config& config_;
    const std::string& own_;
    Menu menu_;
    std::vector<std::uint64_t> numbers_;  // of the entries
    std::set<std::string> warned_;        // initrds whose size was told
};

}  // namespace

Result<Menu> make_menu(const InstallRequest& request,
                       const Config& config,
                       const std::string& own) {
    return MenuMaker(request, config, own).make();
}

std::string render_settings(const Menu& menu, const Config& config) {
    std::string text = "# Made by cordwainer. The next installation replaces this file.\n";
    text += "default " + menu.default_entry + "\n";
    text += "timeout " +
            (config.timeout < 0 ? std::string("menu-force") : std::to_string(config.timeout)) +
            "\n";
    if (config.console_mode) text += "console-mode " + *config.console_mode + "\n";
    text += config.editor ? "editor yes\n" : "editor no\n";
    return text;
}

}  // namespace cordwainer::systemd_boot

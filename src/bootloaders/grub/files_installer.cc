#include "bootloaders/grub/files_installer.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bootloaders/grub/assets.h"
#include "bootloaders/grub/boot_files.h"
#include "bootloaders/grub/command_line.h"
#include "bootloaders/grub/environment.h"
#include "bootloaders/grub/installation.h"
#include "bootloaders/grub/menu.h"
#include "bootloaders/grub/menu_entry.h"
#include "core/rel_path.h"
#include "formats/grub_env.h"
#include "formats/grub_quote.h"

namespace cordwainer::grub {
namespace {

std::string name_of(const Generation& generation) {
    return "generation " + std::to_string(generation.number);
}

// On one line, for a message.
std::string printable(const std::string& text) {
    return grub_title(text, text.size());
}

// What the user should know of a command line that GRUB cannot hand over as it is.
void warn_of_command_line(const Generation& generation,
                          const EntryFiles& files,
                          const LoaderWords& words,
                          std::vector<std::string>& warnings) {
    // Linux's COMMAND_LINE_SIZE on x86 and arm64, less the terminating NUL; GRUB puts the kernel's
    // path in front (loader/i386/linux.c, loader/arm64/linux.c).
    constexpr std::size_t kLongest = 2047;
    const std::string& wanted = generation.parameters.command_line;
    if (words.delivered != wanted) {
        warnings.push_back(
            name_of(generation) + ": GRUB cannot pass quotes and backslashes as they are; `" +
            printable(wanted) + "` reaches the kernel as `" + printable(words.delivered) + "`" +
            (words.same_meaning ? ", which Linux reads the same way" : ""));
    }
    const std::size_t length =
        std::string_view("BOOT_IMAGE= ").size() + files.kernel.path.size() + words.delivered.size();
    if (files.modules.empty() && length > kLongest) {
        warnings.push_back(name_of(generation) + ": its command line of " + std::to_string(length) +
                           " bytes, with the kernel's path, is longer "
                           "than the " +
                           std::to_string(kLongest) + " that Linux takes");
    }
}

class FilesPlanner {
  public:
    FilesPlanner(const InstallRequest& request, const Target& target, Installation installation)
        : request_(request), target_(target), installation_(std::move(installation)) {}

    Result<InstallSteps> plan() {
        made_.warnings = installation_.warnings;
        const Assets assets = TRY(plan_assets(installation_.config, request_.observed.package));
        made_.warnings.insert(made_.warnings.end(), assets.warnings.begin(), assets.warnings.end());
        BootFiles files = TRY(BootFiles::make(installation_, request_));
        Menu menu = TRY(make_menu(files));
        std::string script = TRY(render_menu(std::move(menu), installation_, assets));

        made_.steps.reserve(count_files(assets, files));
        TRY_VOID(stage_modules());
        TRY_VOID(stage_assets(assets));
        TRY_VOID(stage_copies(files));
        TRY_VOID(provide_environment());
        TRY_VOID(replace(installation_.directory() + "/grub.cfg", std::move(script)));
        TRY_VOID(replace("/grub.cfg", render_handover(installation_)));

        made_.references = files.take_references();
        add_warnings(files.warnings());
        return std::move(made_);
    }

  private:
    Result<void> stage(const std::string& path, Source source) {
        made_.steps.emplace_back(StageFile{
            .target = target_.id, .path = TRY(RelPath::parse(path)), .source = std::move(source)});
        return {};
    }

    Result<void> replace(const std::string& path, std::string text) {
        made_.steps.emplace_back(ReplaceFile{.target = target_.id,
                                             .path = TRY(RelPath::parse(path)),
                                             .source = Text{std::move(text)}});
        return {};
    }

    // How many steps there will be, at most.
    [[nodiscard]] std::size_t count_files(const Assets& assets, const BootFiles& files) const {
        constexpr std::size_t kOthers = 3;  // the environment, the menu, and what hands over to it
        std::size_t count = assets.all().size() + files.copies().size() + kOthers;
        for (const InstalledPlatform& in_use : installation_.platforms) {
            count += in_use.modules.modules.size() + in_use.modules.others.size();
        }
        return count;
    }

    Result<void> stage_modules() {
        for (const InstalledPlatform& in_use : installation_.platforms) {
            const std::string directory =
                installation_.directory() + "/" + std::string(in_use.platform->name) + "/";
            for (const auto& [name, file] : in_use.modules.modules) {
                TRY_VOID(stage(directory + name + ".mod", file));
            }
            for (const auto& [name, file] : in_use.modules.others) {
                if (name.ends_with(".lst")) TRY_VOID(stage(directory + name, file));
            }
        }
        return {};
    }

    Result<void> stage_assets(const Assets& assets) {
        for (const Asset* asset : assets.all()) {
            TRY_VOID(stage(installation_.directory() + "/" + asset->path, asset->source));
        }
        return {};
    }

    Result<void> stage_copies(const BootFiles& files) {
        for (const auto& [name, source] : files.copies()) {
            TRY_VOID(stage("/cordwainer/" + name, source));
        }
        return {};
    }

    // Beside a menu that reads it.
    Result<void> provide_environment() {
        if (why_not_written(*installation_.files.volume)) return {};
        made_.steps.emplace_back(ProvideFile{.target = target_.id,
                                             .path = TRY(RelPath::parse(kEnvironmentPath)),
                                             .source = Text{TRY(GrubEnv().render())}});
        return {};
    }

    // Those that were not said yet.
    void add_warnings(const std::vector<std::string>& warnings) {
        for (const std::string& warning : warnings) {
            const bool said = std::ranges::count(made_.warnings, warning) != 0;
            if (!said) made_.warnings.push_back(warning);
        }
    }

    Result<MenuEntry> make_entry(const Generation& generation, BootFiles& files) {
        const EntryFiles entry_files = TRY(files.files_of(generation));
        const LoaderWords words = loader_words(generation.parameters.command_line);
        MenuEntry entry{.generation = generation.number,
                        .title = entry_title(generation),
                        .commands = TRY(generation_commands(
                            entry_files, words.words, installation_, reading_))};
        warn_of_command_line(generation, entry_files, words, made_.warnings);
        return entry;
    }

    bool is_current(const Generation& generation) const {
        return request_.current && generation.number == request_.current->number;
    }

    // Newest first; what cannot be booted is left out, unless it is what has to boot.
    Result<Menu> make_menu(BootFiles& files) {
        const Config& config = installation_.config;
        constexpr std::size_t kUsualEntry = 600;  // bytes
        Menu menu;
        menu.older = Script(request_.generations.size() * kUsualEntry);
        std::size_t shown = 0;
        for (auto generation = request_.generations.rbegin();
             generation != request_.generations.rend();
             ++generation) {
            const bool wanted = is_current(*generation) ||
                                config.default_generation == generation->number ||
                                !config.max_generations || shown < *config.max_generations;
            if (!wanted) continue;
            auto entry = make_entry(*generation, files);
            if (entry) {
                add_entry(menu, config, *entry);
                ++shown;
                continue;
            }
            // Where a file is not there, its generation may know why: it cannot be read.
            const bool known =
                entry.error().code == Errc::not_found && !generation->problems.empty();
            const std::string reason =
                known ? generation->problems.front() : entry.error().message();
            const std::string why = name_of(*generation) + " cannot be booted: " + reason;
            if (is_current(*generation)) {
                return Error(Errc::refused, "the current " + why);
            }
            made_.warnings.push_back(why + "; it is left out of the menu");
        }
        if (menu.generations.empty() && config.entries.empty()) {
            return Error(Errc::refused, "there is no generation that can be booted");
        }
        TRY_VOID(choose_default(menu));
        const std::optional<std::uint64_t> boots = default_of(menu);
        if (!boots || !request_.current || boots != request_.current->number) {
            made_.other_default = OtherDefault{.generation = boots};
        }
        return menu;
    }

    // The generation whose entry boots by default: of the positions the first is the newest one's,
    // and the others are not looked into.
    std::optional<std::uint64_t> default_of(const Menu& menu) const {
        if (menu.generations.empty()) return std::nullopt;
        const auto& position = installation_.config.default_position;
        if (!position) return menu.default_generation;
        return *position == 0 ? std::optional(menu.generations.front()) : std::nullopt;
    }

    Result<void> choose_default(Menu& menu) {
        const Config& config = installation_.config;
        if (config.default_position && *config.default_position >= first_level_size(menu, config)) {
            return Error(Errc::invalid_input,
                         "`default-position` is " + std::to_string(*config.default_position) +
                             ", but the menu's first level has " +
                             std::to_string(first_level_size(menu, config)) +
                             " entries, counted from 0");
        }
        const auto has = [&](std::uint64_t number) {
            return std::ranges::find(menu.generations, number) != menu.generations.end();
        };
        if (!menu.generations.empty()) menu.default_generation = menu.generations.front();
        if (request_.current && has(request_.current->number)) {
            menu.default_generation = request_.current->number;
        }
        if (!config.default_generation) return {};
        if (has(*config.default_generation)) {
            menu.default_generation = *config.default_generation;
        } else {
            made_.warnings.push_back("`default-generation` is " +
                                     std::to_string(*config.default_generation) +
                                     ", which is not in the menu; generation " +
                                     std::to_string(menu.default_generation) + " boots by default");
        }
        return {};
    }

    const InstallRequest& request_;
    const Target& target_;
    const Installation installation_;
    ReadingModules reading_{installation_.platforms.front().modules};
    InstallSteps made_;
};

}  // namespace

Result<InstallSteps> install_files(const InstallRequest& request, const Target& target) {
    Installation installation = TRY(plan_installation(request));
    return FilesPlanner(request, target, std::move(installation)).plan();
}

}  // namespace cordwainer::grub

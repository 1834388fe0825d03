#include "bootloaders/grub/menu.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "bootloaders/grub/environment.h"
#include "bootloaders/grub/menu_entry.h"
#include "bootloaders/grub/menu_settings.h"
#include "bootloaders/grub/script.h"
#include "formats/grub_quote.h"

namespace cordwainer::grub {
namespace {

std::string default_entry(const Menu& menu, const Config& config) {
    if (config.default_position) return std::to_string(*config.default_position);
    const std::string id = entry_id(menu.default_generation);
    const bool first =
        menu.generations.empty() || menu.generations.front() == menu.default_generation;
    return first ? id : std::string(kOlderId) + ">" + id;
}

// "menuentry" or "submenu", and its options and title, up to the opening brace.
void begin_entry(Script& script,
                 std::string_view command,
                 const std::optional<std::string>& id,
                 const std::string& title,
                 bool unrestricted) {
    // The title comes first, where every reader of such files looks for it; but one that begins
    // with
    // "-" would be taken for an option anywhere but behind "--".
    const bool like_option = title.starts_with('-');
    script.begin(command);
    if (!like_option) script.quoted(title);
    if (id) script.raw("--id").word(*id);
    if (unrestricted) script.raw("--unrestricted");
    if (like_option) script.raw("--").quoted(title);
    script.raw("{").end();
}

// A superuser's password protects editing; booting only where that is asked for.
bool is_unrestricted(const Config& config) {
    return config.superuser && !config.superuser->lock_entries;
}

class Writer {
  public:
    Writer(Menu menu, const Installation& installation)
        : menu_(std::move(menu)), installation_(installation), config_(installation.config) {}

    Result<std::string> write(const Assets& assets) {
        script_.line("# Made by cordwainer. The next installation replaces this file.");
        write_settings(script_, installation_, assets, default_entry(menu_, config_));
        if (!why_not_written(*installation_.files.volume)) write_once(script_, menu_);
        script_.append(TRY(menu_.newest.finish()));
        for (const UserEntry& entry : config_.entries) TRY_VOID(write_user_entry(entry));
        const bool has_older = menu_.generations.size() > 1;
        if (has_older) {
            begin_entry(script_, "submenu", kOlderId, "Older generations", unrestricted_);
        }
        // What comes before is put in front of the long text, which is not copied.
        std::string text = TRY(menu_.older.finish());
        text.insert(0, TRY(script_.finish()));
        if (has_older) script_.line("}");
        write_firmware_setup();
        text += TRY(script_.finish());
        return text;
    }

  private:
    Result<void> write_user_entry(const UserEntry& entry) {
        constexpr std::size_t kLongestLabel = 400;
        const std::string commands = TRY(user_commands(entry, installation_));
        const bool efi_only = entry.kind == UserEntry::Kind::efi;
        if (efi_only) script_.line("if [ \"$grub_platform\" = 'efi' ]; then");
        begin_entry(script_,
                    "menuentry",
                    std::nullopt,
                    grub_title(entry.label, kLongestLabel),
                    unrestricted_);
        script_.append(commands).line("}");
        if (efi_only) script_.line("fi");
        return {};
    }

    void write_firmware_setup() {
        const bool some_efi = std::ranges::any_of(
            installation_.platforms,
            [](const InstalledPlatform& in_use) { return in_use.platform->efi(); });
        if (!config_.firmware_setup || !some_efi) return;
        script_.line("if [ \"$grub_platform\" = 'efi' ]; then");
        begin_entry(script_, "menuentry", "firmware-setup", "Firmware setup", unrestricted_);
        script_.indent().line("fwsetup").outdent().line("}");
        script_.line("fi");
    }

    Menu menu_;
    const Installation& installation_;
    const Config& config_;
    bool unrestricted_ = is_unrestricted(config_);
    Script script_;
};

}  // namespace

void add_entry(Menu& menu, const Config& config, const MenuEntry& entry) {
    Script& script = menu.generations.empty() ? menu.newest : menu.older;
    begin_entry(
        script, "menuentry", entry_id(entry.generation), entry.title, is_unrestricted(config));
    script.append(entry.commands).line("}");
    menu.generations.push_back(entry.generation);
}

Result<std::string> render_menu(Menu menu, const Installation& installation, const Assets& assets) {
    return Writer(std::move(menu), installation).write(assets);
}

std::size_t first_level_size(const Menu& menu, const Config& config) {
    const auto everywhere = std::ranges::count_if(
        config.entries, [](const UserEntry& entry) { return entry.kind != UserEntry::Kind::efi; });
    return std::min<std::size_t>(menu.generations.size(), 2) + static_cast<std::size_t>(everywhere);
}

std::string render_handover(const Installation& installation) {
    return "set prefix=\"$config_directory\"'" + installation.directory() +
           "'\nconfigfile \"$prefix/grub.cfg\"\n";
}

}  // namespace cordwainer::grub

#include "cli/once.h"

#include <fmt/format.h>
#include <utility>

#include "bootloaders/grub/bootloader.h"
#include "bootloaders/systemd_boot/config.h"
#include "bootloaders/systemd_boot/entry.h"
#include "core/bytes.h"
#include "formats/efi_load_option.h"
#include "formats/grub_env.h"
#include "host/firmware_variables.h"
#include "host/overwrite.h"

namespace cordwainer::cli {
namespace {

constexpr const char* kOneShot = "LoaderEntryOneShot";
constexpr std::string_view kEntries = "loader/entries/";

// While no more of the block than its first sector is in use, whatever writes it changes that
// sector alone: a cut leaves the old block or the new one.
constexpr std::size_t kLongestBlock = 512;

FirmwareVariables variables_of(const Root& system) {
    return FirmwareVariables(system.outside(kFirmwareVariables));
}

// GRUB's menu among the steps; null where it reads no environment block.
const BasicReplaceFile<RealisedSource>* menu_step(const RealisedPlan& plan) {
    const BasicReplaceFile<RealisedSource>* menu = nullptr;
    for (const RealisedStep& step : plan.steps) {
        const auto* replace = std::get_if<BasicReplaceFile<RealisedSource>>(&step);
        const bool is_menu = replace && replace->path.text().starts_with("cordwainer/") &&
                             replace->path.name() == "grub.cfg";
        if (is_menu) menu = replace;
    }
    return provides_block(plan) ? menu : nullptr;
}

// The name of a generation's entry among those of systemd-boot.
std::optional<std::string> entry_file(const RealisedPlan& plan, std::uint64_t generation) {
    for (const RealisedStep& step : plan.steps) {
        const auto* replace = std::get_if<BasicReplaceFile<RealisedSource>>(&step);
        if (!replace || !replace->path.text().starts_with(kEntries)) continue;
        std::string name = replace->path.text().substr(kEntries.size());
        if (systemd_boot::generation_of_entry(name) == generation) return name;
    }
    return std::nullopt;
}

}  // namespace

std::optional<OnceStore> OnceStore::of(const std::string& bootloader,
                                       const std::vector<PlannedTarget>& targets,
                                       const Root& system) {
    if (bootloader == systemd_boot::kName) return OnceStore(system, std::nullopt);
    if (bootloader != grub::kName) return std::nullopt;
    const auto files = std::ranges::find_if(
        targets, [](const PlannedTarget& target) { return target.spec.tag == "files"; });
    if (files == targets.end()) return std::nullopt;
    return OnceStore(system, files->spec.path + "/" + grub::kEnvironmentPath);
}

Result<std::optional<std::string>> OnceStore::read() const {
    if (!block_) return variables_of(*system_).read_text(kOneShot, kLoaderVendor);
    const Result<std::string> bytes = system_->read(*block_);
    if (!bytes && bytes.error().code == Errc::not_found) return std::optional<std::string>();
    if (!bytes) return bytes.error();
    const GrubEnv block = TRY(GrubEnv::parse(*bytes, name()));
    std::string entry = block.get(grub::kNextEntry).value_or("");
    if (entry.empty()) return std::optional<std::string>();
    return std::optional(std::move(entry));
}

Result<void> OnceStore::write(const std::string& entry) const {
    if (block_) return write_block(entry);
    const FirmwareVariables variables = variables_of(*system_);
    TRY_VOID(variables.check());
    Bytes value = to_utf16(entry);
    value.resize(value.size() + 2);
    return variables.write(kOneShot, kLoaderVendor, value).with_context(name());
}

Result<void> OnceStore::clear() const {
    if (!block_) {
        return variables_of(*system_).remove(kOneShot, kLoaderVendor).with_context(name());
    }
    const std::optional<std::string> entry = TRY(read());
    return entry ? write_block(std::nullopt) : Result<void>();
}

Result<bool> OnceStore::renew() const {
    const auto there = read();
    if (there || there.error().code != Errc::corrupt) return false;
    if (block_) {
        const std::string empty = TRY(GrubEnv().render());
        TRY_VOID(overwrite(*system_, *block_, as_bytes(empty)));
    } else {
        TRY_VOID(clear());
    }
    return true;
}

Result<void> OnceStore::write_block(const std::optional<std::string>& entry) const {
    const std::string bytes = TRY(system_->read(*block_));
    GrubEnv block = TRY(GrubEnv::parse(bytes, name()));
    if (entry) block.set(grub::kNextEntry, *entry);
    if (!entry) block.remove(grub::kNextEntry);
    if (entry && block.used() > kLongestBlock) {
        return Error(Errc::no_space,
                     fmt::format("{} is too full of other variables (`grub-editenv {} list` shows "
                                 "them): remove the file, and `cordwainer install` makes a new one",
                                 name(),
                                 name()));
    }
    return overwrite(*system_, *block_, as_bytes(TRY(block.render())));
}

std::string OnceStore::name() const {
    return block_ ? system_->outside(*block_) : std::string("the firmware's variable ") + kOneShot;
}

const char* OnceStore::variable() const {
    return block_ ? grub::kNextEntry : kOneShot;
}

Result<std::optional<std::string>> once_entry(const RealisedPlan& plan,
                                              std::uint64_t generation,
                                              Contents& contents) {
    if (plan.bootloader == systemd_boot::kName) return entry_file(plan, generation);
    if (plan.bootloader != grub::kName) return std::optional<std::string>();
    const auto* menu = menu_step(plan);
    if (!menu) return std::optional<std::string>();
    const Bytes text = TRY(contents.read(menu->source));
    if (!grub::has_entry(to_text(text), generation)) return std::optional<std::string>();
    return std::optional(grub::next_entry_of(generation));
}

std::optional<std::uint64_t> once_number(const std::string& bootloader, const std::string& entry) {
    if (bootloader == systemd_boot::kName) return systemd_boot::generation_of_entry(entry);
    if (bootloader == grub::kName) return grub::generation_of_next_entry(entry);
    return std::nullopt;
}

std::optional<GenerationId> once_generation(const Installed& installed, const std::string& entry) {
    const auto number = once_number(installed.bootloader, entry);
    if (!number) return std::nullopt;
    const auto found = std::ranges::find(installed.generations, *number, &GenerationId::number);
    return found == installed.generations.end() ? std::nullopt : std::optional(*found);
}

}  // namespace cordwainer::cli

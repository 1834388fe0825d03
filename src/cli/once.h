// One boot of a generation, and then the default again: what is stored for the loader, which takes
// it away when it starts that entry. GRUB has `next_entry` in its environment block, systemd-boot
// the firmware's variable LoaderEntryOneShot (Boot Loader Interface).
//
// The firmware's own BootNext would start another loader once. There is none: whatever is installed
// last removes what another bootloader had, so all generations that can be booted are in one menu.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "apply/installed.h"
#include "bootloaders/grub/environment.h"
#include "core/error.h"
#include "model/contents.h"
#include "model/plan.h"
#include "sys/root.h"

namespace cordwainer::cli {

// Where a bootloader has it on this machine.
class OnceStore {
  public:
    // `targets`: of the plan that is installed, or what Installed has. Nothing for a bootloader
    // that has no such thing. `system` must outlive this.
    [[nodiscard]] static std::optional<OnceStore> of(const std::string& bootloader,
                                                     const std::vector<PlannedTarget>& targets,
                                                     const Root& system);

    // The entry, as the loader names it; nothing where none is asked for. corrupt where the loader
    // cannot read what is there.
    [[nodiscard]] Result<std::optional<std::string>> read() const;

    // not_found where there is nowhere to write it, with what to do; no_space where others' data
    // take the room.
    [[nodiscard]] Result<void> write(const std::string& entry) const;

    // No error where nothing is asked for.
    [[nodiscard]] Result<void> clear() const;

    // Makes a block that is corrupt one without variables; any other is left as it is. Whether it
    // was. The loader takes no entry from it meanwhile, so a cut does no harm.
    [[nodiscard]] Result<bool> renew() const;

    // What is read and written, for messages: a file, or a variable.
    [[nodiscard]] std::string name() const;

    // The variable's name alone.
    [[nodiscard]] const char* variable() const;

    // Whether both are the same place.
    bool operator==(const OnceStore& other) const { return block_ == other.block_; }

  private:
    OnceStore(const Root& system, std::optional<std::string> block)
        : system_(&system), block_(std::move(block)) {}

    [[nodiscard]] Result<void> write_block(const std::optional<std::string>& entry) const;

    const Root* system_;
    std::optional<std::string> block_;  // GRUB's, inside the system; none: the firmware's variable
};

// Whether GRUB's environment block is among what the plan installs.
template <class S>
[[nodiscard]] bool provides_block(const BasicPlan<S>& plan) {
    return std::ranges::any_of(plan.steps, [](const BasicStep<S>& step) {
        const auto* provide = std::get_if<BasicProvideFile<S>>(&step);
        return provide && provide->path.text() == grub::kEnvironmentPath;
    });
}

// The entry of a generation in the menu of a plan, as its loader names it in the store; nothing
// where the menu has none, or its loader could not take away what is stored.
[[nodiscard]] Result<std::optional<std::string>> once_entry(const RealisedPlan& plan,
                                                            std::uint64_t generation,
                                                            Contents& contents);

// The number of the generation that an entry is named for, by the names that the bootloader's menus
// have; nothing where it is something else's.
[[nodiscard]] std::optional<std::uint64_t> once_number(const std::string& bootloader,
                                                       const std::string& entry);

// The generation of the installed menu that an entry is for; nothing where it is for something
// else.
[[nodiscard]] std::optional<GenerationId> once_generation(const Installed& installed,
                                                          const std::string& entry);

}  // namespace cordwainer::cli

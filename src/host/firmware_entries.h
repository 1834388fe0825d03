// The firmware's list of what it can start, on a live machine: Boot####, BootOrder and BootNext
// (UEFI 2.10, sections 3.1 and 3.3).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apply/ports.h"
#include "core/error.h"
#include "core/rel_path.h"
#include "formats/efi_load_option.h"
#include "host/firmware_variables.h"
#include "model/target.h"

namespace cordwainer {

// One entry of the list.
struct BootEntry {
    std::uint16_t number = 0;  // of Boot####
    LoadOption option;
};

// All entries, by number.
struct BootEntries {
    std::vector<BootEntry> known;
    std::vector<std::uint16_t> unreadable;  // of another form: none to touch
};

[[nodiscard]] Result<BootEntries> read_boot_entries(const FirmwareVariables& variables);

// The order in which the firmware tries them; empty where there is none. corrupt where it is no
// list of numbers.
[[nodiscard]] Result<std::vector<std::uint16_t>> read_boot_order(
    const FirmwareVariables& variables);

class LiveFirmwareEntries : public FirmwareEntries {
  public:
    // Where the firmware finds a target's directory.
    struct Place {
        EfiPartition partition;
        std::string directory;  // below the partition's root: "" or "sub/directory"
    };

    using Places = std::function<Result<Place>(const TargetId&)>;

    // `places` is asked only when it is needed, and once for each target.
    LiveFirmwareEntries(FirmwareVariables variables, Places places)
        : variables_(std::move(variables)), places_(std::move(places)) {}

    Result<bool> has(const FirmwareEntry& entry) override;

    Result<void> check_writable() override { return variables_.check_writable(); }

    // An entry that names that partition and path, whatever its title, is kept as it is. A new one
    // becomes the first of the order, or follows the one that was asked for before it; it is
    // written before the order, so that a cut leaves an order without it, which the next run
    // completes.
    Result<bool> ensure(const FirmwareEntry& entry) override;

    // BootNext, where it names the entry, goes first, then its place in the order, then itself.
    Result<bool> forget(const TargetId& target, const RelPath& path) override;

  private:
    Result<EfiProgram> program(const TargetId& target, const RelPath& path);
    Result<std::uint16_t> add(const std::string& title,
                              const EfiProgram& program,
                              const std::vector<std::uint16_t>& order);
    Result<void> write_order(const std::vector<std::uint16_t>& order);
    Result<void> remove(std::uint16_t number);

    FirmwareVariables variables_;
    Places places_;
    std::map<TargetId, Place> known_;
    std::optional<std::uint16_t> previous_;  // that ensure() was called for
};

}  // namespace cordwainer

// Steps: each is one effect on one target. The variant is closed, so that a new kind of effect is
// demanded of everything that shows, stores, realises or applies plans.
//
// Every step is written for a source type S: Source in a plan, RealisedSource once all recipes have
// been run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/rel_path.h"
#include "model/source.h"
#include "model/target.h"

namespace cordwainer {

// Stage: puts a file under a name that nothing refers to yet. The name contains the digest or key
// of the content, or of what the file belongs to; what boots does not change.
template <class S>
struct BasicStageFile {
    TargetId target;
    RelPath path;  // below the target
    S source;

    bool operator==(const BasicStageFile&) const = default;
};

// Stage: makes sure that there is a file that the loader itself writes to, of the size of its first
// content: `source`'s, where none of that size is there. What it holds from then on is the
// loader's, and not compared.
template <class S>
struct BasicProvideFile {
    TargetId target;
    RelPath path;  // below the target, in the directory that cordwainer owns
    S source;

    bool operator==(const BasicProvideFile&) const = default;
};

// Commit: makes a file with a name that firmware, another loader or a user fixes have this content,
// by the target medium's atomic exchange.
template <class S>
struct BasicReplaceFile {
    TargetId target;
    RelPath path;  // below the target
    S source;

    bool operator==(const BasicReplaceFile&) const = default;
};

// One of the two places for boot code that a boot sector can point to.
template <class S>
struct BasicBootSlot {
    SectorRange range;  // what may be written
    S image;            // prepared for this place; written from range.first_lba on

    bool operator==(const BasicBootSlot&) const = default;
};

// Commit: writes the image of the slot that the boot sector does not point to now, then the boot
// sector as one write. The new boot sector is `boot_code` with the bytes of `keep` taken from the
// sector that is there, and the first LBA of the slot put at `pointer_offset` as 8 bytes, little
// endian.
template <class S>
struct BasicSwitchBootCode {
    struct ByteRange {
        std::uint32_t first = 0;
        std::uint32_t count = 0;

        bool operator==(const ByteRange&) const = default;
    };

    TargetId target;
    S boot_code;  // 512 bytes
    std::vector<ByteRange> keep;
    std::uint32_t pointer_offset = 0;
    std::vector<BasicBootSlot<S>> slots;  // two; one where the user accepted a single slot

    bool operator==(const BasicSwitchBootCode&) const = default;
};

// Commit: a firmware boot entry (UEFI 2.10, section 3.1.3) that starts an EFI program, which
// another step puts there. Written only where no entry names that partition and path.
struct FirmwareEntry {
    TargetId target;
    RelPath path;  // of the EFI program, below the target
    std::string title;
    // Where firmware looks without an entry (UEFI 2.10, section 3.5.1.1), below the target: gets
    // the same program where no entry can be made, and no other system has a file there.
    std::optional<RelPath> fallback = {};

    bool operator==(const FirmwareEntry&) const = default;
};

template <class S>
using BasicStep = std::variant<BasicStageFile<S>,
                               BasicProvideFile<S>,
                               BasicReplaceFile<S>,
                               BasicSwitchBootCode<S>,
                               FirmwareEntry>;

using StageFile = BasicStageFile<Source>;
using ProvideFile = BasicProvideFile<Source>;
using ReplaceFile = BasicReplaceFile<Source>;
using BootSlot = BasicBootSlot<Source>;
using SwitchBootCode = BasicSwitchBootCode<Source>;
using Step = BasicStep<Source>;
using RealisedStep = BasicStep<RealisedSource>;

template <class S>
[[nodiscard]] const TargetId& target_of(const BasicStep<S>& step) {
    return std::visit([](const auto& s) -> const TargetId& { return s.target; }, step);
}

}  // namespace cordwainer

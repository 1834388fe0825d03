// The commit of boot code: an image into the place that the boot sector does not point to, then the
// boot sector as one write (docs/design.md).
#pragma once

#include <cstdint>

#include "apply/executor.h"
#include "apply/ports.h"
#include "core/error.h"
#include "model/step.h"

namespace cordwainer {

// What the step itself says wrong, without looking at the disk: refused where an image is larger
// than its slot, the boot code is not 512 bytes, a slot includes LBA 0 or overlaps the other one.
[[nodiscard]] Result<void> check_boot_code(const BasicSwitchBootCode<RealisedSource>& step,
                                           std::uint32_t sector_size);

// Whether the disk starts the step's boot code, all of it as it should be: then there is nothing to
// switch. Errors as switch_boot_code's; nothing is written.
//
// With Trust::stamps only the boot sector is read. It is written after its image, and the boot code
// of other images is another one (docs/formats.md), so that it tells which image lies in the slot
// that it points to. A single slot is read all the same: a cut while it is written in place leaves
// the old boot sector in front of half an image.
[[nodiscard]] Result<bool> has_boot_code(const BasicSwitchBootCode<RealisedSource>& step,
                                         BlockTarget& disk,
                                         Contents& contents,
                                         Trust trust);

// Where the next image goes: the place that the boot sector does not point to.
[[nodiscard]] Result<SectorRange> next_place(const BasicSwitchBootCode<RealisedSource>& step,
                                             BlockTarget& disk);

// Makes the disk start the step's boot code. `changed` becomes true when something is about to be
// written.
//
// The live slot is the one whose first LBA the boot sector has at `pointer_offset`. Where the disk
// has the boot code already, nothing is written. Else the
// image of the other slot (the first where none is live, the only one where there is one) is
// written and read back, LBA 0 is read again, and written once with the bytes of `keep` as they are
// there.
//
// Errors: check_boot_code's; corrupt where a source does not have its digest; the disk's.
[[nodiscard]] Result<void> switch_boot_code(const BasicSwitchBootCode<RealisedSource>& step,
                                            BlockTarget& disk,
                                            Contents& contents,
                                            Trust trust,
                                            bool& changed);

}  // namespace cordwainer

// The commit of boot code: an image into the place that the boot sector does not point to, then the
// boot sector as one write (DESIGN.md, section 6).
#pragma once

#include "apply/ports.h"
#include "core/error.h"
#include "model/step.h"

namespace cordwainer {

// Makes the disk start the step's boot code; whether anything had to be written.
//
// The live slot is the one whose first LBA the boot sector has at `pointer_offset`. Where it
// already holds its image and the boot sector is as it should be, nothing is written. Else the
// image of the other slot (the first where none is live, the only one where there is one) is
// written and read back, LBA 0 is read again, and written once with the bytes of `keep` as they are
// there.
//
// refused: an image larger than its slot, a boot code of another size than 512 bytes, a slot that
// includes LBA 0. corrupt: bytes that do not have their source's digest.
[[nodiscard]] Result<bool> switch_boot_code(const BasicSwitchBootCode<RealisedSource>& step,
                                            BlockTarget& disk,
                                            Contents& contents);

}  // namespace cordwainer

// Guix's boot parameters, versions 0 and 1: the file `parameters` of a system's directory, one
// Scheme datum (Guix, gnu/system.scm, `read-boot-parameters`):
//
//     (boot-parameters (version 1) (label "…") (root-device DEVICE) (kernel "…")
//      (kernel-arguments ("…" …)) (initrd "…") (multiboot-modules (("…" …) …))
//      (store (device DEVICE) (mount-point "/") (directory-prefix #f) (crypto-devices (UUID …)))
//      …)
//
// The first four fields are positional, all others are found by name and may be missing; fields
// that are not named here are of no consequence for booting. DEVICE is (uuid TYPE #vu8(…)),
// (file-system-label "…") or, in older files, a bare #vu8(…) or a string.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "model/generation.h"

namespace cordwainer {

struct GuixParameters {
    int version = 1;
    std::string label;
    // What the kernel is told of its root: a UUID, a label, a device or an NFS export, as text. A
    // UUID of 16 bytes is in DCE notation whatever its type, since that is what Guix's initrd
    // compares with.
    std::string root;
    std::string kernel;                  // the image, or in old files the directory that holds it
    std::vector<std::string> arguments;  // the user's
    std::optional<std::string> initrd;
    std::vector<std::vector<std::string>> multiboot_modules;  // each: path, arguments…
    Store store;

    bool operator==(const GuixParameters&) const = default;
};

// Reads the text of a `parameters` file; `file` is for messages, which begin with the place.
// unsupported for a version that is not known (the message names it), invalid_input for everything
// that is not as above. Ill-formed UTF-8 becomes U+FFFD, as in Guile's `read`.
[[nodiscard]] Result<GuixParameters> parse_boot_parameters(const std::string& file,
                                                           std::string_view text);

// The final command line, as Guix makes it: "root=… gnu.system=LINK gnu.load=LINK/boot" (version 0:
// "--root=… --system=LINK --load=LINK/boot") and the user's arguments, joined by single blanks.
// `link` is the generation's link in the profile's directory. A root "tmpfs" is
// "rootfstype=tmpfs"; a root "none" is left out.
//
// The same for a multiboot kernel: what only its menu entry knows (the Hurd's own name of the
// partition) is not in here.
[[nodiscard]] std::string guix_command_line(const GuixParameters& parameters,
                                            std::string_view link);

}  // namespace cordwainer

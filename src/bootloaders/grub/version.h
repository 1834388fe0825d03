// GRUB's version, which decides what it can read.
#pragma once

#include <compare>
#include <string_view>

#include "core/error.h"

namespace cordwainer::grub {

// A release, and Debian's revision of it where it is a Debian package: Debian brings some abilities
// back into older releases. Ordered.
struct Version {
    int major = 0;
    int minor = 0;
    int debian_revision = 0;  // "13" of "2.06-13+deb12u2"; 0 elsewhere
    int debian_update = 0;    // its "2"; 0 where there is none

    auto operator<=>(const Version&) const = default;

    // "2.06": as GRUB writes its releases.
    [[nodiscard]] std::string text() const;
};

// Reads a package's version as GRUB's build writes it: "2.06-13+deb12u2". Fails with invalid_input
// where that is no version.
[[nodiscard]] Result<Version> parse_version(std::string_view text);

}  // namespace cordwainer::grub

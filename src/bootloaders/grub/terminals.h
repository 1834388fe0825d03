// Which terminals the menu uses, and the commands that set up a serial line.
#pragma once

#include <string>
#include <vector>

#include "bootloaders/grub/config.h"
#include "bootloaders/grub/platform.h"
#include "bootloaders/grub/script.h"

namespace cordwainer::grub {

// What `terminal_output` gets: the configured ones, or the graphical terminal where a resolution or
// picture is asked for, else the console; and the serial line, if there is one.
[[nodiscard]] std::vector<std::string> terminal_outputs(const Config& config);

// What `terminal_input` gets: the configured ones, or the console, and the serial line, if there is
// one. Empty where GRUB's default is right.
[[nodiscard]] std::vector<std::string> terminal_inputs(const Config& config);

[[nodiscard]] bool uses_graphics(const Config& config);

// Whether a platform has the configured serial line. On arm64 GRUB reaches serial lines only
// through the firmware's console.
[[nodiscard]] bool uses_serial(const Config& config, const Platform& platform);

// The command `serial` (GRUB manual 2.06, section 16.2.9).
void write_serial(Script& script, const Serial& serial);

}  // namespace cordwainer::grub

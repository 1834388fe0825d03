// The part of the menu before its entries: terminals, graphics, keyboard, language, default entry,
// timeout, password.
#pragma once

#include <string>

#include "bootloaders/grub/assets.h"
#include "bootloaders/grub/installation.h"
#include "bootloaders/grub/script.h"

namespace cordwainer::grub {

// `default_entry`: what $default is set to.
void write_settings(Script& script,
                    const Installation& installation,
                    const Assets& assets,
                    const std::string& default_entry);

}  // namespace cordwainer::grub

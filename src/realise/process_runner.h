// The runner of makers: programs as processes of this machine.
#pragma once

#include <string>

#include "model/bootloader.h"

namespace cordwainer {

class ProcessRunner : public Runner {
  public:
    // The program runs in the C locale, and is stopped after ten minutes.
    Result<std::string> run(const Command& command) override;
};

}  // namespace cordwainer

// A progress that keeps what it was told.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "apply/ports.h"

namespace cordwainer::test {

class SilentProgress : public Progress {
  public:
    void phase(const std::string& what, std::uint64_t bytes) override {
        phases.emplace_back(what, bytes);
    }

    void advance(std::uint64_t bytes) override { advanced += bytes; }

    std::vector<std::pair<std::string, std::uint64_t>> phases;
    std::uint64_t advanced = 0;
};

}  // namespace cordwainer::test

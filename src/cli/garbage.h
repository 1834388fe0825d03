// What the state directory holds and nothing needs any more.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/generation_marks.h"
#include "core/error.h"
#include "model/plan.h"

namespace cordwainer::cli {

struct Waste {
    enum class Kind {
        record,    // of a generation that is gone
        recipe,    // the note of an object that goes
        object,    // that no record and no recipe of today's plan needs
        leftover,  // of a run that was cut off
        pin,       // of a generation that is gone
    };
    Kind kind = Kind::object;
    std::string path;  // for people
    std::uint64_t bytes = 0;
    std::function<Result<void>()> remove;
};

// What may go, in an order that leaves nothing that refers to what is gone. `generations`: all that
// there are; `today`: the plan that would be installed now. Nobody else may be at work in the state
// directory. `root` must outlive the result.
[[nodiscard]] Result<std::vector<Waste>> find_waste(const Root& root,
                                                    const std::filesystem::path& state,
                                                    const GenerationsRequest& request,
                                                    const Generations& generations,
                                                    const Plan& today);

[[nodiscard]] Result<void> remove_waste(const std::vector<Waste>& waste);

[[nodiscard]] std::uint64_t bytes_of(const std::vector<Waste>& waste);

// "removed: 2 records, 5 objects (3.1 MiB)\n"; `verb` is "removed" or the like. "" where there is
// none.
[[nodiscard]] std::string waste_text(const std::vector<Waste>& waste, const std::string& verb);

// [{"kind", "path", "bytes"}].
[[nodiscard]] nlohmann::ordered_json waste_json(const std::vector<Waste>& waste);

}  // namespace cordwainer::cli

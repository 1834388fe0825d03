// Readers that go a loader's way over a state of a modelled machine, and find the old menu or the
// new one with every file that it names, or say what is wrong.
#pragma once

#include <optional>
#include <string>

#include "tests/crash/known_plan.h"
#include "tests/crash/modelled_machine.h"

namespace cordwainer::test {

// What is wrong with what boots; nothing where it is the menu of `old_plan` or of `new_plan`. No
// old plan: nothing was installed, and nothing may boot yet.
[[nodiscard]] std::optional<std::string> boot_with_grub(const ModelledMachine& machine,
                                                        const MediumState& state,
                                                        const KnownPlan* old_plan,
                                                        const KnownPlan& new_plan);

[[nodiscard]] std::optional<std::string> boot_with_systemd_boot(const ModelledMachine& machine,
                                                                const MediumState& state,
                                                                const KnownPlan* old_plan,
                                                                const KnownPlan& new_plan);

}  // namespace cordwainer::test

// The contract of a bootloader: a named package of installers, its configuration's schema, and the
// makers of its recipes. Adding one touches one folder of src/bootloaders/.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/error.h"
#include "model/config_schema.h"
#include "model/config_value.h"
#include "model/generation.h"
#include "model/observed.h"
#include "model/plan.h"
#include "model/target.h"

namespace cordwainer {

// Everything that an installer may decide from. Same request, same steps: no clock, no randomness,
// no input or output.
struct InstallRequest {
    const ConfigValue& config;  // the bootloader's own table, checked against its schema
    const std::vector<Generation>& generations;  // ascending
    const Generation* current;                   // null where there is none
    const TargetMap& targets;
    const Observed& observed;
};

// What one call of an installer gives.
struct InstallSteps {
    std::vector<Step> steps;
    std::vector<Reference> references;
    std::vector<std::string> warnings;
    // What the menu boots by default, if not the current generation, where this target has it.
    std::optional<OtherDefault> other_default = {};
};

struct Installer {
    std::string tag;  // unique in its bootloader; `disk` is special for images
    TargetType type = TargetType::file;
    // Type file: the directory below each target that cordwainer owns wholly.
    std::optional<RelPath> own;
    std::string meaning;  // one sentence for the user: what is written there
    std::function<Result<std::vector<TargetSpec>>(const ConfigValue& config)> targets;
    // Called once per target.
    std::function<Result<InstallSteps>(const InstallRequest&, const Target&)> install;
};

// Runs programs for makers (src/realise implements it).
class Runner {
  public:
    struct Command {
        std::vector<std::string> arguments;  // the program first: an absolute path, or one for PATH
        std::filesystem::path directory;     // to run in
    };

    Runner() = default;
    virtual ~Runner() = default;
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    Runner(Runner&&) = delete;
    Runner& operator=(Runner&&) = delete;

    // Runs to the end and returns standard output. Any exit status but 0 is tool_failed, with the
    // end of standard error; a program that is not there is not_found, with its name.
    virtual Result<std::string> run(const Command& command) = 0;
};

// Makes the bytes of the recipes that carry its name.
struct Maker {
    std::string name;
    // `inputs`: each input's name → a file that holds its bytes. `scratch`: an empty directory that
    // is removed afterwards. The result must depend on the recipe alone (signatures excepted).
    std::function<Result<Bytes>(const Recipe& recipe,
                                const std::map<std::string, std::filesystem::path>& inputs,
                                const std::filesystem::path& scratch,
                                Runner& runner)>
        make;
};

struct Bootloader {
    std::string name;     // also the name of its configuration table
    std::string meaning;  // one sentence for the user
    ConfigSchema schema;
    // What the schema cannot say: combinations that are impossible. Messages as check_config's.
    std::function<std::vector<std::string>(const ConfigValue& config)> check;
    std::function<Result<PackageRequest>(const ConfigValue& config)> package;
    std::vector<Installer> installers;  // they run, and commit, in this order
    std::vector<Maker> makers;
};

}  // namespace cordwainer

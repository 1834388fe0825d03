// Reads the words of a command line by the options of its command.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/option.h"

namespace cordwainer::cli {

struct CommandLine {
    bool help = false;                      // it asks for help; nothing else was read
    std::optional<std::string> wrong = {};  // what is wrong with it
};

// Reads `words`, those behind the command's name, into the targets of `options`. `one_of`: options
// of which at least one has to be given. `name`: the command's, "cordwainer image", for messages.
[[nodiscard]] CommandLine read_command_line(const std::string& name,
                                            const std::vector<Option>& options,
                                            const std::vector<std::string>& one_of,
                                            std::vector<std::string> words);

// "; did you mean CANDIDATE?" for the nearest of the candidates, "" where none is near.
[[nodiscard]] std::string did_you_mean(const std::string& word,
                                       const std::vector<std::string>& candidates);

}  // namespace cordwainer::cli

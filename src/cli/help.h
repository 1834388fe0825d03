// What a command says of itself, once, for --help, for its manual page and for shells that complete
// its options: all are rendered from the command's declaration.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/option.h"

namespace cordwainer::cli {

struct HelpPage {
    std::string name;  // "cordwainer image"; "cordwainer" for the program itself
    std::string summary;
    std::vector<Option> arguments;
    std::vector<Option> options;
    std::string details;            // as Command::details
    std::vector<Command> commands;  // of the program's own page
};

// The options that every command has; they are read into `common`.
[[nodiscard]] std::vector<Option> common_options(Common& common);

[[nodiscard]] HelpPage help_page(const Command& command);
[[nodiscard]] HelpPage program_page();

// Plain text of at most 80 columns.
[[nodiscard]] std::string render_help(const HelpPage& page);

// A manual page of section 1 in man(7) macros.
[[nodiscard]] std::string render_man(const HelpPage& page);

}  // namespace cordwainer::cli

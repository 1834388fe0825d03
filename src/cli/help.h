// What a command says of itself, once, for --help, for its manual page and for shells that complete
// its options: all are rendered from the command's declaration.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace cordwainer::cli {

// An option or argument as it is shown.
struct HelpOption {
    std::vector<std::string> names;  // "-o", "--output"; an argument has one: "LAYOUT"
    std::string value;               // "FILE"; "" for a flag or an argument
    std::string meaning;
    bool common = false;  // of every command
    bool required = false;
    std::vector<std::string> values;  // the only ones, if any
};

struct HelpPage {
    std::string name;  // "cordwainer image"; "cordwainer" for the program itself
    std::string summary;
    std::vector<HelpOption> arguments;
    std::vector<HelpOption> options;
    std::string details;            // as Command::details
    std::vector<Command> commands;  // of the program's own page
};

// Declares the options that every command has on `app`; they are read into `common`.
void declare_common(CLI::App& app, Common& common);

[[nodiscard]] HelpPage help_page(const Command& command);
[[nodiscard]] HelpPage program_page();

// Plain text of at most 80 columns.
[[nodiscard]] std::string render_help(const HelpPage& page);

// A manual page of section 1 in man(7) macros.
[[nodiscard]] std::string render_man(const HelpPage& page);

}  // namespace cordwainer::cli

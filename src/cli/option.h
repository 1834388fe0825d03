// The options of a command as data. A command line is read by them (cli/command_line.h); --help,
// the manual pages and the shell's completion are rendered from them (cli/help.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cordwainer::cli {

// Where a command line puts what it says: a flag's `true`, a value, or one value after the other.
// Nothing for --help, which ends the reading.
using OptionTarget = std::variant<std::monostate,
                                  bool*,
                                  std::string*,
                                  std::optional<std::string>*,
                                  std::vector<std::string>*,
                                  unsigned*,
                                  std::optional<unsigned>*,
                                  std::optional<std::uint64_t>*,
                                  std::vector<std::uint64_t>*>;

// Another option that must not be given beside this one.
struct Exclusion {
    std::string name;      // "--root"
    std::string why = {};  // "" where the names say it
};

// An option, or an argument, which has no dashes.
struct Option {
    std::vector<std::string> names = {};  // "-o", "--output"; an argument has one: "LAYOUT"
    std::string value = {};               // "FILE"; "" for a flag or an argument
    std::string meaning = {};             // one sentence, without its full stop
    OptionTarget target = {};
    bool required = false;
    bool common = false;                                      // of every command
    std::vector<std::string> values = {};                     // the only ones, if any
    std::optional<std::pair<unsigned, unsigned>> range = {};  // the least and the greatest number
    // What is wrong with a value, "" for nothing.
    std::function<std::string(const std::string&)> check = {};
    std::vector<Exclusion> excludes = {};
    std::string needs = {};  // the option that must be given beside this one

    [[nodiscard]] bool is_argument() const { return !names.front().starts_with('-'); }
};

// Where a layout is given, --root is a mistake.
[[nodiscard]] Exclusion layout_has_root();

// --make-room, of the commands that write to boot volumes.
[[nodiscard]] Option make_room_option(bool& make_room);

// --no-wait, of the commands that change the machine.
[[nodiscard]] Option no_wait_option(bool& no_wait);

}  // namespace cordwainer::cli

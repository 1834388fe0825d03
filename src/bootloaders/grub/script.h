// Writes a GRUB script command by command; everything that comes from outside is quoted.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace cordwainer::grub {

// Collects lines. The first text that cannot be written (formats/grub_quote.h) is remembered and
// told by finish().
class Script {
  public:
    // Makes room for a text of about `size` bytes.
    explicit Script(std::size_t size = 0) { text_.reserve(size); }

    // A whole line of GRUB's own words.
    Script& line(std::string_view text);

    // Begins a command; words follow, then end().
    Script& begin(std::string_view command);

    // A word of GRUB's own: an option, a variable.
    Script& raw(std::string_view word);

    // A word that is read as exactly `text`, in quotes only where it needs them.
    Script& word(std::string_view text);

    // A word that is read as exactly `text`, in quotes.
    Script& quoted(std::string_view text);

    // One word of GRUB's own notation and of text that is read as it is: ($root)/boot.
    Script& joined(std::string_view raw, std::string_view text);

    Script& end();

    // Adds the lines of a finished script.
    Script& append(std::string_view lines);

    // Lines are written this much further right from now on; never inside quoted text.
    Script& indent();
    Script& outdent();

    // The script, or the first text that cannot be written in one; what follows is a new one.
    [[nodiscard]] Result<std::string> finish();

  private:
    void add(Result<std::string> word);

    std::string text_;
    std::string indentation_;
    std::optional<Error> error_;
};

}  // namespace cordwainer::grub

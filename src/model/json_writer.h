// Writes canonical JSON: the order of the calls is the order of the file, two spaces of
// indentation, strict UTF-8. Whoever calls is trusted to open, name and close what JSON demands.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cordwainer {

class JsonWriter {
  public:
    enum class Layout {
        lines,     // each member or element on its own line
        one_line,  // with all that is inside
    };

    void begin_object(Layout layout = Layout::lines) { begin('{', layout); }

    void end_object() { end('}'); }

    void begin_array(Layout layout = Layout::lines) { begin('[', layout); }

    void end_array() { end(']'); }

    // The name of the member whose value comes next.
    void key(std::string_view name);

    // Ill-formed UTF-8 is written as U+FFFD.
    void string(std::string_view value);
    void number(std::uint64_t value);
    void boolean(bool value);
    void null();

    // A whole text that a writer has finished, as one value.
    void json(std::string_view value);

    // A member with a string, a number.
    void member(std::string_view name, std::string_view value);
    void member(std::string_view name, std::uint64_t value);

    // All that was written, and a newline.
    [[nodiscard]] std::string finish() &&;

  private:
    struct Level {
        Layout layout = Layout::lines;
        bool empty = true;
    };

    void begin(char bracket, Layout layout);
    void end(char bracket);
    void separate();
    void new_line();

    std::string text_;
    std::vector<Level> levels_;
    bool after_key_ = false;
};

}  // namespace cordwainer

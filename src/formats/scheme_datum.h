// Scheme data as Guile's `write` prints and its `read` takes them (Guile 3.0 manual, "Scheme
// Read"): the notation of Guix's `parameters` files.
//
// What this reader gives no meaning to (characters, keywords, numbers that are no small integer) it
// keeps as it is written, so that data with such parts can still be read around them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/bytes.h"
#include "core/error.h"

namespace cordwainer {

struct Datum;

struct SchemeSymbol {
    std::string name;

    bool operator==(const SchemeSymbol&) const = default;
};

// An atom without a meaning here, verbatim: "#\\a", "#:key", "1.5", "#nil".
struct OtherAtom {
    std::string text;

    bool operator==(const OtherAtom&) const = default;
};

struct SchemeList {
    enum class Kind {
        proper,    // (a b)
        improper,  // (a b . c): at least two items, the last one behind the dot
        vector,    // #(a b)
    };
    Kind kind = Kind::proper;
    std::vector<Datum> items;

    bool operator==(const SchemeList&) const;
};

struct Datum {
    // Bytes: a byte vector, #vu8(…).
    std::variant<bool, std::int64_t, std::string, SchemeSymbol, Bytes, SchemeList, OtherAtom> value;
    std::size_t offset = 0;  // where it begins in the text that it was read from

    // Equal values; where they were read from does not matter.
    bool operator==(const Datum& other) const { return value == other.value; }

    // Whether this is the symbol `name`.
    [[nodiscard]] bool is_symbol(std::string_view name) const;

    // The items of a proper list; null where this is something else.
    [[nodiscard]] const std::vector<Datum>* list() const;
};

// Reads the first datum of `text`, behind white space and comments (";"); what follows it is not
// looked at, as with `read`. `file` is for messages, which begin with the place. invalid_input
// where it is no datum or is cut off, and where lists are nested more than 100 deep.
[[nodiscard]] Result<Datum> parse_datum(const std::string& file, std::string_view text);

// As `write` prints it, on one line, in UTF-8.
[[nodiscard]] std::string render_datum(const Datum& datum);

}  // namespace cordwainer

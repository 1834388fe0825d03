// Where in a file something stands, for messages that point at it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cordwainer {

// A place in a text file; lines and columns count from 1, columns in bytes. Line 0: the whole file.
struct Location {
    std::string file;
    std::size_t line = 0;
    std::size_t column = 0;

    bool operator==(const Location&) const = default;

    // "FILE:LINE:COLUMN", or as much of it as is known.
    [[nodiscard]] std::string text() const;
};

// The line and column of byte `offset` of `source` (the end, where it lies beyond).
[[nodiscard]] Location locate(std::string file, std::string_view source, std::size_t offset);

}  // namespace cordwainer

#include "core/location.h"

#include <algorithm>

namespace cordwainer {

std::string Location::text() const {
    if (line == 0) return file;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

Location locate(std::string file, std::string_view source, std::size_t offset) {
    const std::string_view before = source.substr(0, std::min(offset, source.size()));
    const std::size_t newline = before.rfind('\n');
    Location place{.file = std::move(file)};
    place.line = 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
    place.column = newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
    return place;
}

}  // namespace cordwainer

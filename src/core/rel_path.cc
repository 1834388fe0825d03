#include "core/rel_path.h"

#include <cstddef>

namespace cordwainer {

Result<RelPath> RelPath::parse(std::string_view text) {
    const auto refuse = [&](const char* why) {
        return Error(Errc::invalid_input, "path \"" + std::string(text) + "\": " + why);
    };
    if (text.find('\0') != std::string_view::npos) return refuse("contains a NUL byte");
    std::string clean;
    clean.reserve(text.size());
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t slash = std::min(text.find('/', start), text.size());
        const std::string_view component = text.substr(start, slash - start);
        start = slash + 1;
        if (component.empty()) continue;
        if (component == "." || component == "..")
            return refuse("\".\" and \"..\" are not allowed");
        if (!clean.empty()) clean += '/';
        clean += component;
    }
    if (clean.empty()) return refuse("is empty");
    return RelPath(std::move(clean));
}

std::string RelPath::name() const {
    const std::size_t slash = text_.rfind('/');
    return slash == std::string::npos ? text_ : text_.substr(slash + 1);
}

RelPath RelPath::operator/(const RelPath& below) const {
    return RelPath(text_ + "/" + below.text_);
}

}  // namespace cordwainer

#include "cli/short_paths.h"

#include "cli/output.h"

namespace cordwainer::cli {
namespace {

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

std::string short_digests(const std::string& path) {
    constexpr std::size_t kDigits = 64;
    constexpr std::size_t kShown = 8;
    std::string text;
    for (std::size_t i = 0; i < path.size();) {
        std::size_t end = i;
        while (end < path.size() && is_hex(path[end])) ++end;
        if (end - i == kDigits) {
            text += path.substr(i, kShown) + "…";
        } else {
            text += path.substr(i, end - i);
        }
        if (end < path.size()) text += path[end++];
        i = end;
    }
    return printable(text);
}

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

std::string suffix_of(const std::string& path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string::npos ? "" : path.substr(dot);
}

}  // namespace cordwainer::cli

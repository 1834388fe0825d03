#include "formats/grub_env.h"

#include <algorithm>

namespace cordwainer {
namespace {

constexpr std::string_view kSignature = "# GRUB Environment Block\n";

Error damaged(const std::string& source_name, const std::string& how) {
    return {Errc::corrupt, source_name + " is no environment block of GRUB: " + how};
}

// The size of the first line of `text` with its newline, which no backslash stands before; nothing
// where it has no end.
std::optional<std::size_t> first_line(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == '\n') {
            return at + 1;
        }
    }
    return std::nullopt;
}

bool is_of(const std::string& line, std::string_view name) {
    return line.size() > name.size() && line.starts_with(name) && line[name.size()] == '=';
}

std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (c == '\\' || c == '\n') text += '\\';
        text += c;
    }
    return text;
}

std::string unescaped(std::string_view text) {
    std::string value;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        value += text[at];
    }
    return value;
}

}  // namespace

Result<GrubEnv> GrubEnv::parse(std::string_view bytes, const std::string& source_name) {
    if (bytes.size() != kSize) {
        return damaged(
            source_name,
            "it has " + std::to_string(bytes.size()) + " bytes, not " + std::to_string(kSize));
    }
    if (!bytes.starts_with(kSignature)) return damaged(source_name, "its first line is another");
    const std::size_t end = bytes.find_last_not_of('#');
    if (bytes[end] != '\n') return damaged(source_name, "its last line has no end");

    GrubEnv block;
    std::string_view rest = bytes.substr(kSignature.size(), end + 1 - kSignature.size());
    while (!rest.empty()) {
        const std::optional<std::size_t> size = first_line(rest);
        if (!size) return damaged(source_name, "its last line has no end");
        const std::string_view line = rest.substr(0, *size);
        if (!line.starts_with('#') && !line.contains('=')) {
            return damaged(source_name, "there is a line without \"=\"");
        }
        block.lines_.emplace_back(line);
        rest.remove_prefix(*size);
    }
    return block;
}

std::optional<std::string> GrubEnv::get(std::string_view name) const {
    const auto line = std::ranges::find_if(
        lines_.rbegin(), lines_.rend(), [&](const std::string& each) { return is_of(each, name); });
    if (line == lines_.rend()) return std::nullopt;
    const std::string_view text(*line);
    return unescaped(text.substr(name.size() + 1, text.size() - name.size() - 2));
}

void GrubEnv::set(std::string_view name, std::string_view value) {
    remove(name);
    lines_.insert(lines_.begin(), std::string(name) + "=" + escaped(value) + "\n");
}

void GrubEnv::remove(std::string_view name) {
    std::erase_if(lines_, [&](const std::string& line) { return is_of(line, name); });
}

std::size_t GrubEnv::used() const {
    std::size_t size = kSignature.size();
    for (const std::string& line : lines_) size += line.size();
    return size;
}

Result<std::string> GrubEnv::render() const {
    if (used() > kSize) {
        return Error(Errc::no_space,
                     "the variables of GRUB's environment block need " + std::to_string(used()) +
                         " bytes, and it has " + std::to_string(kSize));
    }
    std::string bytes(kSignature);
    for (const std::string& line : lines_) bytes += line;
    bytes.resize(kSize, '#');
    return bytes;
}

}  // namespace cordwainer

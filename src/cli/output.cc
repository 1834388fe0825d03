#include "cli/output.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/utf8.h"

namespace cordwainer::cli {
namespace {

Result<void> write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error(errno, "write to standard output");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

// Whether the two bytes at `text` are a C1 control character (U+0080 to U+009F).
bool is_c1(std::string_view text) {
    return text.size() >= 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
}

}  // namespace

Result<void> print(std::string_view text) {
    if (is_utf8(text)) return write_all(STDOUT_FILENO, text);
    return write_all(STDOUT_FILENO, to_utf8(text));
}

Result<void> print_json(const Json& value) {
    return print(value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void complain(std::string_view text) {
    std::string shown = "cordwainer: ";
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        shown += printable(text.substr(start, end - start)) + "\n";
        start = end + 1;
    }
    // Nothing is left to tell anybody where standard error itself fails.
    (void)write_all(STDERR_FILENO, shown);
}

void warn(const std::vector<std::string>& warnings) {
    for (const std::string& text : warnings) complain("warning: " + text);
}

std::string printable(std::string_view text) {
    const std::string valid = to_utf8(text);
    std::string result;
    for (std::size_t i = 0; i < valid.size(); ++i) {
        const auto byte = static_cast<unsigned char>(valid[i]);
        if (valid[i] == '\n') {
            result += "\\n";
        } else if (valid[i] == '\t') {
            result += "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            result += fmt::format("\\x{:02x}", byte);
        } else if (is_c1(std::string_view(valid).substr(i))) {
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(valid[++i]));
        } else {
            result += valid[i];
        }
    }
    return result;
}

std::string human_size(std::uint64_t bytes) {
    constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) return fmt::format("{} B", bytes);
    double size = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (size >= 1023.95 && unit + 1 < kUnits.size()) {
        size /= 1024;
        ++unit;
    }
    return fmt::format("{:.1f} {}", size, kUnits.at(unit));
}

const char* error_name(Errc code) {
    switch (code) {
        case Errc::invalid_input:
            return "invalid_input";
        case Errc::not_found:
            return "not_found";
        case Errc::unsupported:
            return "unsupported";
        case Errc::refused:
            return "refused";
        case Errc::no_space:
            return "no_space";
        case Errc::io:
            return "io";
        case Errc::tool_failed:
            return "tool_failed";
        case Errc::corrupt:
            return "corrupt";
    }
    return "io";
}

Json error_json(const Error& error, const char* code) {
    return {{"format", "cordwainer-error/1"},
            {"error", {{"code", code}, {"message", error.message()}, {"notes", error.notes}}}};
}

}  // namespace cordwainer::cli

#include "host/state_files.h"

#include <fmt/format.h>
#include <system_error>
#include <utility>

#include "sys/file_io.h"

namespace cordwainer {

Result<std::optional<std::string>> read_state_file(const std::filesystem::path& path) {
    Result<std::string> text = read_text_file(path);
    if (text) return std::optional(*std::move(text));
    if (text.error().code == Errc::not_found) return std::optional<std::string>();
    return std::move(text).error();
}

Result<void> write_state_file(const std::filesystem::path& path, std::string_view text) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error)
        return file_error(error.value(), "make the directory " + path.parent_path().string());
    return write_durably(path, as_bytes(text));
}

Error damaged_state_file(const Error& why,
                         const std::filesystem::path& path,
                         std::string_view then) {
    return {
        Errc::corrupt,
        fmt::format("{} (the file is damaged: `rm {}` {})", why.message(), path.string(), then)};
}

}  // namespace cordwainer

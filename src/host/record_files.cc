#include "host/record_files.h"

#include <string>
#include <system_error>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

std::filesystem::path record_path(const std::filesystem::path& state, std::uint64_t number) {
    return state / "records" / (std::to_string(number) + ".json");
}

std::filesystem::path installed_path(const std::filesystem::path& state) {
    return state / "installed.json";
}

// A file's text; nothing where there is none.
Result<std::optional<std::string>> text_of(const std::filesystem::path& path) {
    Result<std::string> text = read_text_file(path);
    if (text) return std::optional(*std::move(text));
    if (text.error().code == Errc::not_found) return std::optional<std::string>();
    return std::move(text).error();
}

Result<void> write_with_directory(const std::filesystem::path& path, const std::string& text) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error)
        return file_error(error.value(), "make the directory " + path.parent_path().string());
    return write_durably(path, as_bytes(text));
}

}  // namespace

Result<void> write_record(const std::filesystem::path& state, const Record& record) {
    return write_with_directory(record_path(state, record.generation), render_record(record));
}

Result<std::optional<Record>> read_record(const std::filesystem::path& state,
                                          std::uint64_t number) {
    const std::filesystem::path path = record_path(state, number);
    const auto text = TRY(text_of(path));
    if (!text) return std::nullopt;
    Record record = TRY(parse_record(*text, path.string()));
    return record;
}

Result<void> write_installed(const std::filesystem::path& state, const Installed& installed) {
    return write_with_directory(installed_path(state), render_installed(installed));
}

Result<std::optional<Installed>> read_installed(const std::filesystem::path& state) {
    const std::filesystem::path path = installed_path(state);
    const auto text = TRY(text_of(path));
    if (!text) return std::nullopt;
    Installed installed = TRY(parse_installed(*text, path.string()));
    return installed;
}

}  // namespace cordwainer

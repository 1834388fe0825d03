#include "host/record_files.h"

#include <string>
#include <system_error>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

std::filesystem::path record_path(const std::filesystem::path& state, std::uint64_t number) {
    return state / "records" / (std::to_string(number) + ".json");
}

}  // namespace

Result<void> write_record(const std::filesystem::path& state, const Record& record) {
    const std::filesystem::path path = record_path(state, record.generation);
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error)
        return file_error(error.value(), "make the directory " + path.parent_path().string());
    return write_durably(path, as_bytes(render_record(record)));
}

Result<std::optional<Record>> read_record(const std::filesystem::path& state,
                                          std::uint64_t number) {
    const std::filesystem::path path = record_path(state, number);
    const auto text = read_text_file(path);
    if (!text && text.error().code == Errc::not_found) return std::nullopt;
    if (!text) return text.error();
    Record record = TRY(parse_record(*text, path.string()));
    return record;
}

}  // namespace cordwainer

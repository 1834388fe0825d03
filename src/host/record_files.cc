#include "host/record_files.h"

#include <algorithm>
#include <string>
#include <system_error>

#include "host/generation_names.h"
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
    const std::filesystem::path path = record_path(state, record.generation);
    const std::string text = render_record(record);
    // As text: where a target stands in a configuration file is not kept. What cannot be read is
    // written anew.
    const auto known = text_of(path);
    if (known && *known == text) return {};
    return write_with_directory(path, text);
}

Result<std::optional<Record>> read_record(const std::filesystem::path& state,
                                          std::uint64_t number) {
    const std::filesystem::path path = record_path(state, number);
    const auto text = TRY(text_of(path));
    if (!text) return std::nullopt;
    Record record = TRY(parse_record(*text, path.string()));
    return record;
}

Result<std::vector<std::uint64_t>> recorded_numbers(const std::filesystem::path& state) {
    std::vector<std::uint64_t> numbers;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(state / "records", error), end;
         !error && entry != end;
         entry.increment(error)) {
        const auto number = generation_number(entry->path().stem().string());
        if (number && entry->path().extension() == ".json") numbers.push_back(*number);
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return file_error(error.value(), "list " + (state / "records").string());
    }
    std::ranges::sort(numbers);
    return numbers;
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

#include "host/record_files.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "host/generation_names.h"
#include "host/state_files.h"

namespace cordwainer {
namespace {

std::filesystem::path record_path(const std::filesystem::path& state, std::uint64_t number) {
    return state / "records" / (std::to_string(number) + ".json");
}

std::filesystem::path installed_path(const std::filesystem::path& state) {
    return state / "installed.json";
}

}  // namespace

Result<void> write_record(const std::filesystem::path& state, const Record& record) {
    const std::filesystem::path path = record_path(state, record.generation);
    const std::string text = render_record(record);
    // As text: where a target stands in a configuration file is not kept. What cannot be read is
    // written anew.
    const auto known = read_state_file(path);
    if (known && *known == text) return {};
    return write_state_file(path, text);
}

Result<std::optional<Record>> read_record(const std::filesystem::path& state,
                                          std::uint64_t number) {
    const std::filesystem::path path = record_path(state, number);
    const auto text = TRY(read_state_file(path));
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
    return write_state_file(installed_path(state), render_installed(installed));
}

Result<std::optional<Installed>> read_installed(const std::filesystem::path& state) {
    const std::filesystem::path path = installed_path(state);
    const auto text = TRY(read_state_file(path));
    if (!text) return std::nullopt;
    auto installed = parse_installed(*text, path.string());
    if (installed) return *std::move(installed);
    return damaged_state_file(
        installed.error(),
        path,
        "and `cordwainer install` make a new one; a default that `switch` chose is forgotten then, "
        "and what lies at targets that are no longer configured stays there");
}

}  // namespace cordwainer

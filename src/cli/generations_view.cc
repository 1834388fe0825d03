#include "cli/generations_view.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <variant>

#include "cli/output.h"
#include "core/utc_time.h"
#include "core/utf8.h"

namespace cordwainer::cli {
namespace {

Json text_json(const std::string& text) {
    return to_utf8(text);
}

Json text_json(const std::optional<std::string>& text) {
    return text ? text_json(*text) : Json(nullptr);
}

Json device_json(const DeviceRef& device) {
    if (const auto* uuid = std::get_if<Uuid>(&device)) return {{"uuid", uuid->text()}};
    if (const auto* label = std::get_if<FileSystemLabel>(&device)) {
        return {{"label", text_json(label->text)}};
    }
    if (const auto* nfs = std::get_if<NfsExport>(&device)) return {{"nfs", text_json(nfs->text)}};
    return nullptr;
}

Json store_json(const Store& store) {
    Json crypto = Json::array();
    for (const Uuid& uuid : store.crypto_devices) crypto.push_back(uuid.text());
    Json json;
    json["device"] = device_json(store.device);
    json["mount_point"] = text_json(store.mount_point);
    json["directory_prefix"] = text_json(store.directory_prefix);
    json["crypto_devices"] = std::move(crypto);
    return json;
}

Json module_json(const MultibootModule& module) {
    Json json = Json::array({text_json(module.file.path)});
    for (const std::string& argument : module.arguments) json.push_back(text_json(argument));
    return json;
}

// Whether it runs; null where that is not certain.
Json running_json(const Generation& generation, const GenerationMarks& marks) {
    if (!marks.may_run(generation.number)) return false;
    return marks.running.certain() ? Json(true) : Json();
}

Json generation_json(const Generation& generation, const GenerationMarks& marks) {
    const BootParameters& parameters = generation.parameters;
    Json json;
    json["number"] = generation.number;
    json["label"] = text_json(parameters.label);
    json["kernel"] = text_json(parameters.kernel.path);
    json["initrds"] = Json::array();
    for (const BootFile& initrd : parameters.initrds) {
        json["initrds"].push_back(text_json(initrd.path));
    }
    json["command_line"] = text_json(parameters.command_line);
    json["kernel_version"] = text_json(generation.kernel_version);
    json["size"] = boot_size(parameters);
    json["multiboot_modules"] = Json::array();
    for (const MultibootModule& module : parameters.multiboot_modules) {
        json["multiboot_modules"].push_back(module_json(module));
    }
    json["created"] = utc_text(generation.created);
    json["current"] = generation.current;
    json["default"] = marks.boots == generation.number;
    json["running"] = running_json(generation, marks);
    json["pinned"] = marks.pinned.contains(generation.number);
    json["store"] = store_json(parameters.store);
    json["problems"] = Json::array();
    for (const std::string& problem : generation.problems) {
        json["problems"].push_back(text_json(problem));
    }
    return json;
}

// How many columns a terminal needs for UTF-8 text of narrow characters.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & '\xc0') != '\x80'; }));
}

std::string marks_text(const Generation& generation, const GenerationMarks& marks) {
    std::vector<std::string> words;
    if (marks.boots == generation.number) words.emplace_back("default");
    if (marks.may_run(generation.number)) {
        words.emplace_back(marks.running.certain() ? "running" : "running?");
    }
    if (marks.pinned.contains(generation.number)) words.emplace_back("pinned");
    return fmt::format("{}", fmt::join(words, ", "));
}

constexpr std::size_t kColumns = 7;
constexpr std::size_t kNumber = 1;
constexpr std::size_t kSize = 5;
using Row = std::array<std::string, kColumns>;

Row row_of(const Generation& generation, const GenerationMarks& marks) {
    return {generation.current ? "*" : "",
            std::to_string(generation.number),
            printable(generation.parameters.label),
            // "2026-11-22T10:00:00Z" without seconds
            utc_text(generation.created).replace(10, 1, " ").substr(0, 16),
            printable(generation.kernel_version.value_or("-")),
            human_size(boot_size(generation.parameters)),
            marks_text(generation, marks)};
}

}  // namespace

Json generations_json(const Generations& generations, const GenerationMarks& marks) {
    Json json;
    json["format"] = "cordwainer-generations/1";
    json["generations"] = Json::array();
    for (const Generation& generation : generations.list) {
        json["generations"].push_back(generation_json(generation, marks));
    }
    json["skipped"] = Json::array();
    for (const SkippedGeneration& skipped : generations.skipped) {
        json["skipped"].push_back(
            {{"path", text_json(skipped.path)}, {"why", text_json(skipped.why)}});
    }
    return json;
}

std::string generations_table(const std::vector<Generation>& generations,
                              const GenerationMarks& marks) {
    if (generations.empty()) return "";
    std::vector<Row> rows = {{"", "NUMBER", "LABEL", "CREATED (UTC)", "KERNEL", "SIZE", ""}};
    for (const Generation& generation : generations) rows.push_back(row_of(generation, marks));
    std::array<std::size_t, kColumns> widths{};
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], width(row[i]));
    }
    std::string table;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < kColumns; ++i) {
            const std::string blanks(widths[i] - width(row[i]), ' ');
            const bool is_number = i == kNumber || i == kSize;
            if (i > 0) line += i == kNumber ? " " : "  ";
            line += is_number ? blanks + row[i] : row[i] + blanks;
        }
        table += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return table;
}

std::vector<std::string> generation_complaints(const Generations& generations) {
    std::vector<std::string> lines;
    for (const Generation& generation : generations.list) {
        for (const std::string& problem : generation.problems) {
            lines.push_back(fmt::format("generation {}: {}", generation.number, problem));
        }
    }
    for (const SkippedGeneration& skipped : generations.skipped) {
        lines.push_back(fmt::format("{} is skipped: {}", skipped.path, skipped.why));
    }
    return lines;
}

}  // namespace cordwainer::cli

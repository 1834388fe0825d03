// What the tests of src/image share: layouts from JSON, scratch trees, running referees.
#pragma once

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <sys/stat.h>

#include "apply/ports.h"
#include "image/build.h"
#include "image/layout.h"
#include "image/tool.h"
#include "model/config_value.h"
#include "sys/file_io.h"

namespace cordwainer::image::test {

// A configuration value as the TOML reader would give it; places count the values.
inline ConfigValue value_of(const nlohmann::ordered_json& json, std::size_t& line) {
    ConfigValue value;
    value.location = {.file = "layout.toml", .line = ++line, .column = 1};
    if (json.is_boolean()) value.value = json.get<bool>();
    if (json.is_number_integer()) value.value = json.get<std::int64_t>();
    if (json.is_string()) value.value = json.get<std::string>();
    if (json.is_array()) {
        ConfigList list;
        for (const auto& element : json) list.push_back(value_of(element, line));
        value.value = std::move(list);
    }
    if (json.is_object()) {
        ConfigTable table;
        for (const auto& [key, element] : json.items()) {
            ConfigValue child = value_of(element, line);
            child.key_location = child.location;
            table.emplace_back(key, std::move(child));
        }
        value.value = std::move(table);
    }
    return value;
}

inline Result<Layout> layout_from(const std::string& json,
                                  const std::filesystem::path& directory = "/nowhere",
                                  std::optional<std::int64_t> date = std::nullopt) {
    std::size_t line = 0;
    return parse_layout(value_of(nlohmann::ordered_json::parse(json), line),
                        {.directory = directory, .source_date_epoch = date});
}

// The message of a layout that must be refused.
inline std::string refusal(const std::string& json) {
    const auto layout = layout_from(json);
    return layout ? "it was accepted" : layout.error().message();
}

class Quiet : public Progress {
  public:
    void phase(const std::string& what, std::uint64_t bytes) override {
        last = what;
        expected = bytes;
        done = 0;
    }

    void advance(std::uint64_t bytes) override { done += bytes; }

    std::string last;
    std::uint64_t expected = 0;
    std::uint64_t done = 0;
};

// A directory of its own for each test.
class ImageTest : public testing::Test {
  protected:
    ImageTest() : directory_(*TemporaryDirectory::make("", "image-test-")) {}

    [[nodiscard]] std::filesystem::path path(const std::string& name) const {
        return directory_.path() / name;
    }

    void write(const std::string& name, const std::string& text, mode_t mode = 0644) const {
        std::filesystem::create_directories(path(name).parent_path());
        std::ofstream(path(name)) << text;
        ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);
    }

    // Standard output of a program that must succeed, and nothing on standard error if `silent`.
    static std::string run(const std::string& program, std::vector<std::string> arguments) {
        ToolRun run;
        run.arguments = std::move(arguments);
        const auto output = run_tool({.name = program, .package = "?"}, run);
        EXPECT_TRUE(output) << output.error().message();
        return output ? output->output + output->errors : "";
    }

    // A part of an image as a file of its own.
    std::filesystem::path extract(const std::filesystem::path& image,
                                  std::uint64_t first_lba,
                                  std::uint64_t sectors) const {
        const std::filesystem::path part = path("part-" + std::to_string(first_lba));
        run("dd",
            {"if=" + image.string(),
             "of=" + part.string(),
             "bs=512",
             "status=none",
             "conv=sparse",
             "skip=" + std::to_string(first_lba),
             "count=" + std::to_string(sectors)});
        std::filesystem::resize_file(part, sectors * 512);
        return part;
    }

    // What debugfs prints for a command on a file system.
    static std::string debugfs(const std::filesystem::path& part, const std::string& command) {
        return run("debugfs", {"-R", command, part.string()});
    }

    static Result<BuildReport> build(const Layout& layout,
                                     const std::filesystem::path& output,
                                     const ImageSteps& steps = {}) {
        Quiet progress;
        return build_image(layout, steps, {.output = output}, progress);
    }

    static std::string digest(const std::filesystem::path& file) {
        const auto copied = digest_file(file);
        return copied ? copied->digest.hex() : copied.error().message();
    }

    TemporaryDirectory directory_;
};

}  // namespace cordwainer::image::test

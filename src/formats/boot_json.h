// boot.json: cordwainer's own boot parameters, format "cordwainer-boot-parameters/2"
// (docs/formats.md), for systems that have no format of their own. It stores the final command
// line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "model/generation.h"

namespace cordwainer {

// Paths are absolute inside the system, or relative to the generation's directory.
struct NativeParameters {
    std::string label;
    std::string kernel;
    std::vector<std::string> initrds;
    std::string command_line;
    std::vector<std::vector<std::string>> multiboot_modules;  // each: path, arguments…
    std::optional<std::string> device_tree;
    std::int64_t created = 0;  // seconds since 1970-01-01 UTC
    Store store;

    bool operator==(const NativeParameters&) const = default;
};

// `file` is for messages, which begin with the place. unsupported for another format (the message
// names it); invalid_input for what is no JSON, unknown or doubled keys, missing keys, wrong types,
// and paths that climb out of the generation's directory.
[[nodiscard]] Result<NativeParameters> parse_boot_json(const std::string& file,
                                                       std::string_view text);

// The file's text. invalid_input where a string is no UTF-8, which JSON cannot hold.
[[nodiscard]] Result<std::string> render_boot_json(const NativeParameters& parameters);

// The command line that boots generation `number`: `stored`, followed by
// "cordwainer.generation=NUMBER" where that is not one of its arguments. Double quotes hold an
// argument together, as for the kernel.
[[nodiscard]] std::string native_command_line(std::string_view stored, std::uint64_t number);

}  // namespace cordwainer

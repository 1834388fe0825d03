#include "bootloaders/grub/image_makers.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "bootloaders/grub/assets.h"
#include "bootloaders/grub/core_image.h"
#include "bootloaders/grub/maker_input.h"

namespace cordwainer::grub {
namespace {

namespace fs = std::filesystem;

Result<fs::path> make_directory(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) return system_error(error.value(), "create " + path.string());
    return path;
}

std::vector<std::string> split_at_commas(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find(',', begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

Result<Bytes> make_core_image(const Recipe& recipe,
                              const MakerInputs& inputs,
                              const fs::path& scratch,
                              Runner& runner) {
    const fs::path modules = TRY(make_directory(scratch / "modules"));
    Runner::Command command;
    command.directory = scratch;
    command.arguments = {TRY(program(inputs, "grub-mkimage", scratch)),
                         "-O",
                         TRY(parameter(recipe, "platform")),
                         "-d",
                         modules.string(),
                         "-p",
                         TRY(parameter(recipe, "prefix")),
                         "-c",
                         TRY(input_path(inputs, "early.cfg")).string(),
                         "-o",
                         (scratch / "core").string()};
    for (const auto& [name, path] : inputs) {
        if (name == "grub-mkimage" || name == "early.cfg") continue;
        TRY_VOID(link_as(path, modules / name));
        if (name.ends_with(".mod")) {
            command.arguments.push_back(name.substr(0, name.size() - std::string(".mod").size()));
        }
    }
    TRY_VOID(runner.run(command));
    return read_bytes(scratch / "core");
}

// The recipe's part of the XKB data as a directory.
Result<fs::path> lay_out_xkb(const MakerInputs& inputs, const fs::path& scratch) {
    for (const auto& [name, path] : inputs) {
        if (!name.starts_with("xkb/")) continue;
        const fs::path link = scratch / name;
        TRY_VOID(make_directory(link.parent_path()));
        TRY_VOID(link_as(path, link));
    }
    return scratch / "xkb";
}

// The arguments that choose the layout.
Result<std::vector<std::string>> layout_options(const Recipe& recipe) {
    std::vector<std::string> options;
    for (const std::string name : {"model", "layout", "variant"}) {
        const std::string value = TRY(parameter(recipe, name));
        if (!value.empty()) options.insert(options.end(), {"-" + name, value});
    }
    for (const std::string& option : split_at_commas(TRY(parameter(recipe, "options")))) {
        options.insert(options.end(), {"-option", option});
    }
    return options;
}

// The layout in the notation of the Linux console.
Result<fs::path> make_console_map(const Recipe& recipe,
                                  const MakerInputs& inputs,
                                  const fs::path& scratch,
                                  Runner& runner) {
    Runner::Command command;
    command.directory = scratch;
    // Without -charmap it names characters by their code points, whatever the locale.
    command.arguments = {"perl",
                         TRY(input_path(inputs, "ckbcomp")).string(),
                         "-I" + TRY(lay_out_xkb(inputs, scratch)).string()};
    std::ranges::move(TRY(layout_options(recipe)), std::back_inserter(command.arguments));
    const std::string map = TRY(runner.run(command));

    fs::path path = scratch / "console.map";
    std::ofstream file(path, std::ios::binary);
    file << map;
    if (!file.flush()) return Error(Errc::io, "cannot write " + path.string());
    return path;
}

Result<Bytes> make_keymap(const Recipe& recipe,
                          const MakerInputs& inputs,
                          const fs::path& scratch,
                          Runner& runner) {
    const fs::path console_map = TRY(make_console_map(recipe, inputs, scratch, runner));
    const fs::path made = scratch / "layout.gkb";
    Runner::Command command;
    command.directory = scratch;
    command.arguments = {TRY(program(inputs, "grub-mklayout", scratch)),
                         "-i",
                         console_map.string(),
                         "-o",
                         made.string()};
    TRY_VOID(runner.run(command));
    return read_bytes(made);
}

}  // namespace

Maker core_image_maker() {
    return {.name = kCoreImageMaker, .make = make_core_image};
}

Maker keymap_maker() {
    return {.name = kKeymapMaker, .make = make_keymap};
}

}  // namespace cordwainer::grub

#include "bootloaders/grub/maker_input.h"

#include <fstream>
#include <iterator>
#include <system_error>

namespace cordwainer::grub {
namespace fs = std::filesystem;

Result<fs::path> input_path(const MakerInputs& inputs, const std::string& name) {
    const auto input = inputs.find(name);
    if (input == inputs.end()) {
        return Error(Errc::invalid_input, "the recipe has no input \"" + name + "\"");
    }
    return input->second;
}

Result<std::string> parameter(const Recipe& recipe, const std::string& name) {
    const auto found = recipe.parameters.find(name);
    if (found == recipe.parameters.end()) {
        return Error(Errc::invalid_input, "the recipe has no parameter \"" + name + "\"");
    }
    return found->second;
}

Result<Bytes> read_bytes(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error(Errc::io, "cannot open " + path.string());
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    if (file.bad()) return Error(Errc::io, "cannot read " + path.string());
    const ByteView bytes = as_bytes(text);
    return Bytes(bytes.begin(), bytes.end());
}

Result<std::string> program(const MakerInputs& inputs,
                            const std::string& name,
                            const fs::path& scratch) {
    constexpr fs::perms kExecutable = fs::perms::owner_exec;
    const fs::path path = TRY(input_path(inputs, name));
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (error) return system_error(error.value(), path.string());
    if ((status.permissions() & kExecutable) != fs::perms::none) return path.string();

    const fs::path copy = scratch / name;
    fs::copy_file(path, copy, error);
    if (!error) fs::permissions(copy, fs::perms::owner_all, error);
    if (error) return system_error(error.value(), "copy " + path.string() + " to " + copy.string());
    return copy.string();
}

Result<void> link_as(const fs::path& file, const fs::path& name) {
    std::error_code error;
    const fs::path absolute = fs::absolute(file, error);
    if (!error) fs::create_symlink(absolute, name, error);
    if (error) return system_error(error.value(), "link " + name.string());
    return {};
}

}  // namespace cordwainer::grub

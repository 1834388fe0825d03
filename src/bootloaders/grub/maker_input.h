// What the makers share: their inputs as files and as bytes.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/bytes.h"
#include "core/error.h"
#include "model/source.h"

namespace cordwainer::grub {

using MakerInputs = std::map<std::string, std::filesystem::path>;

// Fails with invalid_input where there is none of that name.
[[nodiscard]] Result<std::filesystem::path> input_path(const MakerInputs& inputs,
                                                       const std::string& name);

// Fails with invalid_input where there is none of that name.
[[nodiscard]] Result<std::string> parameter(const Recipe& recipe, const std::string& name);

// All of a file.
[[nodiscard]] Result<Bytes> read_bytes(const std::filesystem::path& path);

// A program that is an input, as something that can be run: the file itself, or a copy in `scratch`
// where it is not executable.
[[nodiscard]] Result<std::string> program(const MakerInputs& inputs,
                                          const std::string& name,
                                          const std::filesystem::path& scratch);

// A link to a file under another name, in a directory that exists.
[[nodiscard]] Result<void> link_as(const std::filesystem::path& file,
                                   const std::filesystem::path& name);

}  // namespace cordwainer::grub

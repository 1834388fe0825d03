// What names a FAT file system can have (FAT specification, "Long directory entries"; the long
// names' rules are what every driver accepts).
#pragma once

#include <optional>
#include <string>

namespace cordwainer {

// What is wrong with one name ("FAT has no \":\" in names"), or nothing.
[[nodiscard]] std::optional<std::string> wrong_fat_name(const std::string& name);

// Equal for names that are the same on FAT. Letters that differ in case only become equal; beyond
// ASCII FAT drivers disagree on what is the same letter, so there only Latin-1 counts.
[[nodiscard]] std::string fat_name_key(const std::string& name);

}  // namespace cordwainer

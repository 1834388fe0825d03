// Paths of installed files as plans show them.
#pragma once

#include <string>

namespace cordwainer::cli {

// `path` with every digest and key cut to its first digits; printable.
[[nodiscard]] std::string short_digests(const std::string& path);

// "a/b/" of "a/b/c"; "" of "c".
[[nodiscard]] std::string directory_of(const std::string& path);

// ".mod" of "a/b.mod", from the last full stop on; "" where there is none.
[[nodiscard]] std::string suffix_of(const std::string& path);

}  // namespace cordwainer::cli

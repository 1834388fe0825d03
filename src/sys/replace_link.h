// Moving a symbolic link.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "sys/root.h"

namespace cordwainer {

// Makes `path` a symbolic link with this text: at every moment there is the old link or the new
// one, and when it returns the new one is durable. What is there may be a link or nothing; the
// directory must exist.
[[nodiscard]] Result<void> replace_link(const Root& root,
                                        std::string_view path,
                                        const std::string& text);

}  // namespace cordwainer

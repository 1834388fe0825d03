// The version that an open kernel image says it has.
#pragma once

#include <optional>
#include <string>

#include "core/error.h"
#include "sys/descriptor.h"

namespace cordwainer {

// As kernel_version (formats/linux_image.h), of an open file. Its position stays where it is.
// `name` is for messages.
[[nodiscard]] Result<std::optional<std::string>> kernel_version_of(const Fd& file,
                                                                   const std::string& name);

}  // namespace cordwainer

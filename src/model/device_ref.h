// How boot data names a file system: never by a device path, which only one booted kernel knows.
#pragma once

#include <string>
#include <variant>

#include "core/uuid.h"

namespace cordwainer {

struct FileSystemLabel {
    std::string text;

    bool operator==(const FileSystemLabel&) const = default;
};

// An export "HOST:/PATH", reached over the network.
struct NfsExport {
    std::string text;

    bool operator==(const NfsExport&) const = default;
};

// Where something is stored. monostate: not said, to be found by looking for the file.
using DeviceRef = std::variant<std::monostate, Uuid, FileSystemLabel, NfsExport>;

}  // namespace cordwainer

// One menu entry: a file of the Boot Loader Specification, type 1, as systemd-boot reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "model/generation.h"

namespace cordwainer::systemd_boot {

// Where the files of an entry are: paths inside its partition, beginning with "/", of plain
// characters only.
struct EntryFiles {
    std::string kernel;
    std::vector<std::string> initrds;  // in loading order
    std::optional<std::string> device_tree;
};

struct Entry {
    std::string name;  // in loader/entries
    std::string text;
};

// The entry of a generation. Fails where its command line has what such a file cannot say.
[[nodiscard]] Result<Entry> make_entry(const Generation& generation, const EntryFiles& files);

// The generation that an entry of this name is for; nothing where make_entry gives no such names.
[[nodiscard]] std::optional<std::uint64_t> generation_of_entry(std::string_view name);

// Bytes of the command line that the kernel gets: systemd-boot adds a word for each initrd.
[[nodiscard]] std::size_t command_line_size(const Generation& generation, const EntryFiles& files);

}  // namespace cordwainer::systemd_boot

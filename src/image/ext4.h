// ext4 file systems: made by mke2fs straight into the image, filled by one mechanism, debugfs with
// a generated script. No root, no mount, no copy of the content.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "apply/ports.h"
#include "core/error.h"
#include "core/uuid.h"
#include "image/tree.h"

namespace cordwainer::image {

// The feature flags of every ext4 that is made here, in mke2fs's names. What GRUB 2.06 cannot read
// (inline_data, metadata_csum_seed) is not among them.
[[nodiscard]] const std::vector<std::string>& ext4_features();

// What a tree takes in an ext4.
struct Ext4Needs {
    std::uint64_t blocks = 0;  // of 4096 bytes, data and directories
    std::uint64_t inodes = 0;
};

enum class Holes {
    kept,    // files take what lies outside their holes: what really will be written
    filled,  // files take their whole size: the same wherever the tree was copied to
};

[[nodiscard]] Ext4Needs ext4_needs(const Node& root, Holes holes);

// How many inodes an ext4 of `bytes` with these needs gets.
[[nodiscard]] std::uint64_t ext4_inodes(std::uint64_t bytes, const Ext4Needs& needs);

// The blocks that a fresh ext4 of `bytes` has free for content: never more than it really has.
[[nodiscard]] std::uint64_t ext4_free_blocks(std::uint64_t bytes, std::uint64_t inodes);

// The least bytes, a multiple of 1 MiB, in which `needs` surely fit.
[[nodiscard]] std::uint64_t ext4_size_for(const Ext4Needs& needs);

// The size of its journal.
[[nodiscard]] std::uint64_t ext4_journal_mib(std::uint64_t bytes);

// An ext4 to make.
struct Ext4 {
    std::filesystem::path directory = {};  // of the image file
    std::string file = {};     // its name, without "?"; it exists and reads as zeros there
    std::uint64_t offset = 0;  // bytes from its beginning
    std::uint64_t size = 0;    // bytes
    Uuid uuid;
    std::string label = {};  // "" for none
    std::int64_t epoch = 0;
    std::filesystem::path scratch = {};  // an existing directory for the tools' own files
};

// Makes the file system with this content. Dates before 1970-01-01 00:00:01 and after 2038-01-19
// become the nearest that a 32-bit one can say; access and change dates are the modification's.
// Advances `progress` by the bytes of the files. invalid_input: a name that cannot be written, by
// path; tool_failed: mke2fs or debugfs, with its message.
[[nodiscard]] Result<void> make_ext4(const Ext4& spec, const Node& root, Progress& progress);

}  // namespace cordwainer::image

// A generation: one numbered state of a system, with everything needed to boot it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/sha256.h"
#include "core/uuid.h"
#include "model/device_ref.h"

namespace cordwainer {

// A file of the system that boots with a generation.
struct BootFile {
    std::string path;              // absolute, inside the system (never with the --root prefix)
    bool present = false;          // whether it exists, a regular file that is not empty
    std::uint64_t size = 0;        // bytes; 0 where it is not present
    std::optional<Digest> digest;  // where it was asked for and the file is present

    bool operator==(const BootFile&) const = default;
};

struct MultibootModule {
    BootFile file;
    std::vector<std::string> arguments;

    bool operator==(const MultibootModule&) const = default;
};

// Where a generation's files lie, as the boot side sees it.
struct Store {
    DeviceRef device;
    std::string mount_point = "/";                // where `device` is mounted in the system
    std::optional<std::string> directory_prefix;  // btrfs subvolume: "/@root"
    std::vector<Uuid> crypto_devices;             // LUKS containers to open first, in order

    bool operator==(const Store&) const = default;
};

// What starts a generation, whatever its origin.
struct BootParameters {
    std::string label;  // as stored
    BootFile kernel;
    std::vector<BootFile> initrds;                   // in loading order
    std::string command_line;                        // final: the loader adds nothing
    std::vector<MultibootModule> multiboot_modules;  // non-empty: `kernel` is a multiboot kernel
    std::optional<BootFile> device_tree;
    Store store;

    bool operator==(const BootParameters&) const = default;
};

struct Generation {
    std::uint64_t number = 0;
    BootParameters parameters;
    std::int64_t created = 0;  // seconds since 1970-01-01 UTC
    bool current = false;      // whether the profile link names it
    std::string identity;  // the resolved store path, or the SHA-256 of boot.json: what a record
                           // is for, since numbers are used again
    std::optional<std::string> kernel_version;  // read from the kernel image
    std::vector<std::string> problems;          // one sentence for each missing or unreadable file

    bool operator==(const Generation&) const = default;
};

// A numbered generation that could not be read.
struct SkippedGeneration {
    std::string path;  // the link or directory, inside the system
    std::string why;
    std::optional<std::uint64_t> number = {};  // none where its name has none that counts

    bool operator==(const SkippedGeneration&) const = default;
};

// All generations of one system.
struct Generations {
    std::vector<Generation> list;  // by number, ascending
    std::vector<SkippedGeneration> skipped;

    bool operator==(const Generations&) const = default;
};

// Bytes of a generation's kernel and initrds.
[[nodiscard]] std::uint64_t boot_size(const BootParameters& parameters);

}  // namespace cordwainer

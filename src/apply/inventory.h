// The inventory of a file target: the files there that cordwainer owns, and what they refer to
// elsewhere. Format "cordwainer-inventory/1" (docs/formats.md).
//
// It is kept as two files of which the newer valid one counts; each write goes to the other file.
// So a cut while one is written leaves the other, and no rename is needed, which some media cannot
// do atomically.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apply/ports.h"
#include "core/error.h"
#include "core/rel_path.h"
#include "core/sha256.h"
#include "model/plan.h"

namespace cordwainer {

struct OwnedFile {
    Digest digest;
    std::uint64_t size = 0;
    std::string stamp = {};  // FileState's, after it was written
    bool pending = false;    // about to be written: owned, but its content is not relied on
    std::optional<Digest> former = {};  // pending: what it had before, and may still have
    bool provided = false;  // the loader writes to it: only its size is what it was, no stamp

    bool operator==(const OwnedFile&) const = default;
};

struct Inventory {
    std::uint64_t counter = 0;  // of writes; 0: never written
    std::map<RelPath, OwnedFile> files;
    std::vector<Reference> references;  // files elsewhere in the system that these files name

    bool operator==(const Inventory&) const = default;
};

// One file's bytes: a line "cordwainer-inventory/1 COUNTER DIGEST" and the JSON that it digests.
[[nodiscard]] std::string render_inventory(const Inventory& inventory);

// Any damage, a cut at any byte included, is corrupt.
[[nodiscard]] Result<Inventory> parse_inventory(std::string_view bytes,
                                                const std::string& source_name);

// OWN/inventory.0 or OWN/inventory.1: where the write of this count goes.
[[nodiscard]] Result<RelPath> inventory_path(const RelPath& own, std::uint64_t counter);

struct LoadedInventory {
    Inventory inventory;                 // empty where there is none, or none is valid
    std::optional<std::string> warning;  // where files were there, and none is valid

    // Whether there is a valid one, perhaps of no files: the first that is written counts 1.
    [[nodiscard]] bool found() const { return inventory.counter > 0; }
};

// Reads the newer valid one of OWN/inventory.0 and OWN/inventory.1.
[[nodiscard]] Result<LoadedInventory> load_inventory(FileTarget& target, const RelPath& own);

// Writes it with the next counter over the older file, and counts it up. Durable when it returns.
[[nodiscard]] Result<void> save_inventory(FileTarget& target,
                                          const RelPath& own,
                                          Inventory& inventory);

// Removes both files, the newer one last, and the directories that this leaves empty; for a target
// on which nothing is owned any more. Durable when the next settle() returns.
[[nodiscard]] Result<void> remove_inventory(FileTarget& target,
                                            const RelPath& own,
                                            const Inventory& inventory);

}  // namespace cordwainer

// Which generations to delete so that a plan fits: the fewest of the oldest.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "apply/installed.h"
#include "apply/room.h"
#include "core/error.h"

namespace cordwainer::cli {

// The room that installing would take and have if some generations were deleted before.
struct RoomWithout {
    std::vector<VolumeRoom> installing;  // `free` with what deleting frees
    std::vector<VolumeRoom> deleting;    // that deleting itself takes: its menu comes first
};

// For a set of generations, oldest first. Of none: what installing takes now.
using AskRoom = std::function<Result<RoomWithout>(const std::vector<GenerationId>&)>;

// A generation that may be deleted, or some that follow each other, and by how much that makes up
// for what is missing.
struct Deletable {
    std::vector<GenerationId> ids;
    // Bytes for each short volume, once those before it are gone: a kernel that another generation
    // needs too frees nothing before both are gone.
    std::vector<std::uint64_t> frees;
};

struct Deletions {
    std::vector<VolumeRoom> missing;  // the volumes that are short now
    // The oldest ones, as many as it takes; all if that is short. Of more than twenty, several
    // together: looking is planning anew.
    std::vector<Deletable> oldest;
    std::vector<GenerationId> enough;  // oldest first; none where not even all of them are
    // Where they are not: what is short, and by how much, when all of them are gone; where that is
    // none, what is short for deleting them.
    std::vector<VolumeRoom> still_missing;
};

// `oldest_first`: the generations that may go. Of the oldest that are enough, those of `oldest`
// that turn out not to be needed stay, the newer ones first.
[[nodiscard]] Result<Deletions> choose_deletions(const std::vector<GenerationId>& oldest_first,
                                                 const AskRoom& ask);

// The volumes that are short.
[[nodiscard]] std::vector<VolumeRoom> short_ones(const std::vector<VolumeRoom>& volumes);

}  // namespace cordwainer::cli

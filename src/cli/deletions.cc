#include "cli/deletions.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace cordwainer::cli {
namespace {

bool fits(const RoomWithout& room) {
    return short_ones(room.installing).empty() && short_ones(room.deleting).empty();
}

std::vector<GenerationId> first(const std::vector<GenerationId>& all, std::size_t count) {
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

// Bytes that are missing on the volume of `before`; negative where some are left.
std::int64_t shortage(const std::vector<VolumeRoom>& volumes, const VolumeRoom& before) {
    const auto now = std::ranges::find(volumes, before.volume, &VolumeRoom::volume);
    if (now == volumes.end()) return 0;  // nothing is to be done there any more
    return static_cast<std::int64_t>(now->needed) - static_cast<std::int64_t>(now->free);
}

class Choice {
  public:
    Choice(const std::vector<GenerationId>& oldest_first, const AskRoom& ask)
        : all_(oldest_first), ask_(ask) {}

    Result<Deletions> make() {
        Deletions made;
        const RoomWithout now = TRY(ask_({}));
        made.missing = short_ones(now.installing);
        if (made.missing.empty() || all_.empty()) return made;

        std::size_t count = all_.size();
        const RoomWithout most = TRY(ask_(all_));
        if (fits(most)) {
            count = TRY(fewest());
            made.enough = TRY(without_needless(first(all_, count)));
        } else {
            made.still_missing = short_ones(most.installing);
            if (made.still_missing.empty()) made.still_missing = short_ones(most.deleting);
        }
        made.oldest = TRY(what_each_frees(count, made.missing));
        return made;
    }

  private:
    // How many of the oldest are enough, where all of them are.
    Result<std::size_t> fewest() {
        std::size_t low = 1;
        std::size_t high = all_.size();
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            const RoomWithout room = TRY(ask_(first(all_, middle)));
            if (fits(room)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return high;
    }

    Result<std::vector<GenerationId>> without_needless(std::vector<GenerationId> chosen) {
        for (std::size_t i = chosen.size(); i-- > 0 && chosen.size() > 1;) {
            std::vector<GenerationId> fewer = chosen;
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
            const RoomWithout room = TRY(ask_(fewer));
            if (fits(room)) chosen = std::move(fewer);
        }
        return chosen;
    }

    Result<std::vector<Deletable>> what_each_frees(std::size_t count,
                                                   const std::vector<VolumeRoom>& missing) {
        std::vector<Deletable> oldest;
        std::vector<std::int64_t> before;
        for (const VolumeRoom& volume : missing) {
            before.push_back(static_cast<std::int64_t>(volume.missing()));
        }
        for (std::size_t i = 0; i < count; ++i) {
            const RoomWithout room = TRY(ask_(first(all_, i + 1)));
            Deletable one{.id = all_[i], .frees = {}};
            for (std::size_t v = 0; v < missing.size(); ++v) {
                const std::int64_t now = shortage(room.installing, missing[v]);
                const std::int64_t freed = before[v] - now;
                one.frees.push_back(static_cast<std::uint64_t>(std::max(freed, std::int64_t{0})));
                before[v] = now;
            }
            oldest.push_back(std::move(one));
        }
        return oldest;
    }

    const std::vector<GenerationId>& all_;
    const AskRoom& ask_;
};

}  // namespace

std::vector<VolumeRoom> short_ones(const std::vector<VolumeRoom>& volumes) {
    std::vector<VolumeRoom> found;
    std::ranges::copy_if(volumes, std::back_inserter(found), [](const VolumeRoom& volume) {
        return volume.missing() != 0;
    });
    return found;
}

Result<Deletions> choose_deletions(const std::vector<GenerationId>& oldest_first,
                                   const AskRoom& ask) {
    return Choice(oldest_first, ask).make();
}

}  // namespace cordwainer::cli

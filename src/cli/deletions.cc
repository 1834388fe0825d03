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

// More are looked at several at a time.
constexpr std::size_t kMostLooks = 20;

class SmallestChoice {
  public:
    SmallestChoice(const std::vector<GenerationId>& oldest_first, const AskRoom& ask)
        : all_(oldest_first), ask_(ask) {}

    Result<Deletions> make() {
        const RoomWithout now = TRY(ask_({}));
        made_.missing = short_ones(now.installing);
        if (made_.missing.empty() || all_.empty()) return std::move(made_);

        const RoomWithout most = TRY(ask_(all_));
        const bool possible = fits(most);
        std::size_t count = all_.size();
        if (possible) count = TRY(fewest());
        TRY_VOID(look_at(count));
        if (possible) {
            TRY_VOID(choose());
        } else {
            made_.still_missing = short_ones(most.installing);
            if (made_.still_missing.empty()) made_.still_missing = short_ones(most.deleting);
        }
        return std::move(made_);
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

    // What each of the first `count` frees.
    Result<void> look_at(std::size_t count) {
        for (const VolumeRoom& volume : made_.missing) {
            lacking_.push_back(static_cast<std::int64_t>(volume.missing()));
        }
        const std::size_t together = (count + kMostLooks - 1) / kMostLooks;
        for (std::size_t begin = 0; begin < count; begin += together) {
            const std::size_t end = std::min(begin + together, count);
            const RoomWithout room = TRY(ask_(first(all_, end)));
            Deletable one;
            for (std::size_t i = begin; i < end; ++i) one.ids.push_back(all_[i]);
            for (std::size_t v = 0; v < made_.missing.size(); ++v) {
                const std::int64_t now = shortage(room.installing, made_.missing[v]);
                const std::int64_t freed = std::max(lacking_[v] - now, std::int64_t{0});
                one.frees.push_back(static_cast<std::uint64_t>(freed));
                lacking_[v] = now;
            }
            made_.oldest.push_back(std::move(one));
        }
        return {};
    }

    // All that were looked at, but for those that are not needed.
    Result<void> choose() {
        std::vector<bool> goes(made_.oldest.size(), true);
        made_.enough = chosen(goes);
        for (std::size_t i = goes.size(); i-- > 0;) {
            if (is_needed(made_.oldest[i])) continue;
            goes[i] = false;
            const std::vector<GenerationId> fewer = chosen(goes);
            const RoomWithout room = TRY(ask_(fewer));
            goes[i] = fewer.empty() || !fits(room);
            if (!goes[i]) made_.enough = fewer;
        }
        return {};
    }

    // Whether it frees more than is left over when all that were looked at are gone. Without it at
    // least that much is not freed.
    [[nodiscard]] bool is_needed(const Deletable& one) const {
        for (std::size_t v = 0; v < lacking_.size(); ++v) {
            if (static_cast<std::int64_t>(one.frees[v]) > -lacking_[v]) return true;
        }
        return false;
    }

    [[nodiscard]] std::vector<GenerationId> chosen(const std::vector<bool>& goes) const {
        std::vector<GenerationId> ids;
        for (std::size_t i = 0; i < goes.size(); ++i) {
            if (!goes[i]) continue;
            ids.insert(ids.end(), made_.oldest[i].ids.begin(), made_.oldest[i].ids.end());
        }
        return ids;
    }

    const std::vector<GenerationId>& all_;
    const AskRoom& ask_;
    Deletions made_;
    std::vector<std::int64_t> lacking_;  // bytes for each short volume, after what was looked at
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
    return SmallestChoice(oldest_first, ask).make();
}

}  // namespace cordwainer::cli

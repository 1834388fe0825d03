// The states that a power cut can leave of what a log of a modelled medium says was written: every
// prefix, every single write of a flush epoch lost, and random parts of an epoch in random order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "tests/support/medium.h"

namespace cordwainer::test {

class Cuts {
  public:
    using Random = std::mt19937;

    // What a reader finds that replays no journal, and what the next mount makes of it: a journal
    // is replayed up to some write that was committed or later, and of data any part is there.
    using OnState =
        std::function<void(const MediumState& seen, const std::function<MediumState()>& mounted)>;

    // Of all states only every `every`-th is given.
    Cuts(const Medium& medium, std::size_t reorderings, std::size_t every, Random& random)
        : medium_(medium),
          reorderings_(reorderings),
          every_(every),
          random_(random),
          log_(medium.log()),
          in_place_(medium.start()),
          committed_(in_place_) {}

    // The medium may go on being used meanwhile: the log was copied. Once.
    void each(const OnState& on_state) {
        MediumState all = in_place_;
        if (is_next()) give(all, on_state);
        for (std::size_t i = 0; i < log_.size(); ++i) {
            const MediumEvent& event = log_[i];
            if (event.kind == MediumEvent::Kind::write) {
                if (!event.joined) whole_ = uncommitted_.size();
                pending_.push_back(event);
                uncommitted_.push_back(event);
                if (i + 1 == log_.size() || !log_[i + 1].joined) whole_ = uncommitted_.size();
                set_cell(all, event.key, event.value);
                if (is_next()) give(all, on_state);
                continue;
            }
            if (event.kind == MediumEvent::Kind::flush) parts(on_state);
            barrier(event);
        }
        parts(on_state);
    }

  private:
    bool is_next() { return ++number_ % every_ == 0; }

    // Of all that is pending: each write lost, and random parts.
    void parts(const OnState& on_state) {
        for (std::size_t lost = 0; lost < pending_.size(); ++lost) {
            if (!is_next()) continue;
            MediumState state = in_place_;
            for (std::size_t i = 0; i < pending_.size(); ++i) {
                if (i != lost) set_cell(state, pending_[i].key, pending_[i].value);
            }
            give(state, on_state);
        }
        if (pending_.size() < 2) return;
        for (std::size_t count = 0; count < reorderings_; ++count) {
            if (!is_next()) continue;
            std::vector<MediumEvent> order = pending_;
            std::ranges::shuffle(order, random_);
            order.resize(random_() % (order.size() + 1));
            MediumState state = in_place_;
            for (const MediumEvent& event : order) set_cell(state, event.key, event.value);
            give(state, on_state);
        }
    }

    void barrier(const MediumEvent& barrier) {
        const auto on_device = [&](const MediumEvent& event) {
            return event.device == barrier.device;
        };
        std::erase_if(uncommitted_, [&](const MediumEvent& event) {
            if (on_device(event)) set_cell(committed_, event.key, event.value);
            return on_device(event);
        });
        whole_ = uncommitted_.size();
        std::erase_if(pending_, [&](const MediumEvent& event) {
            const bool done =
                on_device(event) && (event.data || barrier.kind == MediumEvent::Kind::flush);
            if (done) set_cell(in_place_, event.key, event.value);
            return done;
        });
    }

    void give(const MediumState& seen, const OnState& on_state) {
        on_state(seen, [&] { return mounted(seen); });
    }

    // Devices without a journal are as they are seen.
    [[nodiscard]] MediumState mounted(const MediumState& seen) const {
        MediumState state = seen;
        for (CellKey key = 0; key < medium_.cells(); ++key) {
            if (medium_.has_journal(medium_.device_of(key)))
                set_cell(state, key, cell(committed_, key));
        }
        std::size_t replayed = random_() % (whole_ + 1);
        while (replayed < whole_ && uncommitted_[replayed].joined) ++replayed;
        for (std::size_t i = 0; i < uncommitted_.size(); ++i) {
            const MediumEvent& event = uncommitted_[i];
            if (!medium_.has_journal(event.device)) continue;
            if (event.data ? random_() % 2 == 0 : i < replayed)
                set_cell(state, event.key, event.value);
        }
        return state;
    }

    const Medium& medium_;
    std::size_t reorderings_;
    std::size_t every_;
    std::size_t number_ = 0;
    Random& random_;
    std::vector<MediumEvent> log_;
    MediumState in_place_;                  // what is certain to be in its place
    MediumState committed_;                 // what is certain to be there after the next mount
    std::vector<MediumEvent> pending_;      // since then
    std::vector<MediumEvent> uncommitted_;  // since then
    std::size_t whole_ = 0;                 // how many of these are not half of what is joined
};

}  // namespace cordwainer::test

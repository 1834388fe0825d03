// A medium that a power cut can hit: cells, each of which it keeps or loses as a whole (a sector of
// data, an inode, a directory entry, the link of a chain of clusters), and the log of what was
// written to them and when it was flushed. From the log follow the states that a cut can leave.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cordwainer::test {

using CellKey = std::uint32_t;
using CellValue = std::uint32_t;  // of Medium::bytes(); 0: nothing was ever written

// What the cells of a medium hold. Cells beyond its end hold nothing.
using MediumState = std::vector<CellValue>;

inline CellValue cell(const MediumState& state, CellKey key) {
    return key < state.size() ? state[key] : 0;
}

inline void set_cell(MediumState& state, CellKey key, CellValue value) {
    if (state.size() <= key) state.resize(key + 1);
    state[key] = value;
}

// What of a device a cell is.
enum class CellKind : std::uint8_t { entry, inode, chain, sector };

struct MediumEvent {
    enum class Kind : std::uint8_t {
        write,
        commit,  // data is on the medium, and everything else in the journal
        flush,   // everything is on the medium, in its place
    };
    Kind kind = Kind::write;
    std::uint32_t device = 0;
    bool data = false;    // write: of a sector, which no journal has
    bool joined = false;  // write: in a journal one with the write before
    CellKey key = 0;
    CellValue value = 0;
};

// One or more devices that lose power together. What processes see is the cache; it survives a
// process that is killed, and not a cut.
class Medium {
  public:
    // A journal makes the next mount see what was committed, in its order.
    std::uint32_t add_device(bool journal) {
        journals_.push_back(journal);
        return static_cast<std::uint32_t>(journals_.size() - 1);
    }

    [[nodiscard]] bool has_journal(std::uint32_t device) const { return journals_[device]; }

    // The cell of a device; `number` tells cells of one kind apart.
    CellKey key(std::uint32_t device, CellKind kind, std::uint32_t number) {
        const std::uint64_t name =
            (std::uint64_t{device} << 40U) | (static_cast<std::uint64_t>(kind) << 32U) | number;
        const auto [found, added] = keys_.try_emplace(name, static_cast<CellKey>(devices_.size()));
        if (added) devices_.push_back(device);
        return found->second;
    }

    [[nodiscard]] std::uint32_t device_of(CellKey key) const { return devices_[key]; }

    [[nodiscard]] std::size_t cells() const { return devices_.size(); }

    // A number for a text, from 1; the same for the same text.
    CellValue intern(std::string_view text) {
        const auto [found, added] =
            values_.try_emplace(std::string(text), static_cast<CellValue>(texts_.size() + 1));
        if (added) texts_.push_back(&found->first);
        return found->second;
    }

    [[nodiscard]] std::string_view text(CellValue value) const {
        return value == 0 ? std::string_view{} : *texts_[value - 1];
    }

    [[nodiscard]] const MediumState& cache() const { return cache_; }

    void write(CellKey key, CellValue value, bool data = false, bool joined = false) {
        set_cell(cache_, key, value);
        late_.erase(key);
        log_.push_back({.kind = MediumEvent::Kind::write,
                        .device = devices_[key],
                        .data = data,
                        .joined = joined,
                        .key = key,
                        .value = value});
    }

    // Written to the cache only, until write_late().
    void write_later(CellKey key, CellValue value) {
        set_cell(cache_, key, value);
        late_[key] = value;
    }

    void write_late(CellKey key) {
        const auto found = late_.find(key);
        if (found != late_.end()) write(key, CellValue{found->second});
    }

    void write_all_late(std::uint32_t device) {
        std::vector<CellKey> keys;
        for (const auto& [key, value] : late_) {
            if (devices_[key] == device) keys.push_back(key);
        }
        for (const CellKey key : keys) write_late(key);
    }

    void commit(std::uint32_t device) { barrier(MediumEvent::Kind::commit, device); }

    void flush(std::uint32_t device) { barrier(MediumEvent::Kind::flush, device); }

    // The power is back, and the cells hold this: the log begins anew.
    void power_up(MediumState state) {
        start_ = std::move(state);
        start_.resize(cells());
        cache_ = start_;
        late_.clear();
        log_.clear();
    }

    // Nothing happens for so long that everything is on the medium.
    void rest() { power_up(MediumState(cache_)); }

    [[nodiscard]] const MediumState& start() const { return start_; }  // what the log began with

    [[nodiscard]] const std::vector<MediumEvent>& log() const { return log_; }

  private:
    void barrier(MediumEvent::Kind kind, std::uint32_t device) {
        log_.push_back({.kind = kind, .device = device});
    }

    std::vector<bool> journals_;
    std::unordered_map<std::uint64_t, CellKey> keys_;
    std::vector<std::uint32_t> devices_;  // of each cell
    std::unordered_map<std::string, CellValue> values_;
    std::vector<const std::string*> texts_;  // the keys of values_, which stay where they are
    MediumState cache_;
    MediumState start_;
    std::unordered_map<CellKey, CellValue> late_;
    std::vector<MediumEvent> log_;
};

}  // namespace cordwainer::test

// Two kinds of file systems on a modelled medium: one with inodes and a journal (ext4, xfs, btrfs),
// and FAT, where an entry names the first of a chain of clusters. Freed space is taken again as
// soon as such a file system does, so that whatever still refers to it shows.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/medium.h"

namespace cordwainer::test {

enum class FileSystemKind { journalled, fat };

class ModelFileSystem {
  public:
    static constexpr std::size_t kSector = 512;

    ModelFileSystem(std::shared_ptr<Medium> medium, FileSystemKind kind)
        : medium_(std::move(medium)),
          kind_(kind),
          device_(medium_->add_device(kind == FileSystemKind::journalled)) {}

    [[nodiscard]] FileSystemKind kind() const { return kind_; }

    [[nodiscard]] Medium& medium() const { return *medium_; }

    [[nodiscard]] std::uint32_t device() const { return device_; }

    // ---- Reading, from the cache or from any state of the medium

    struct Found {
        std::uint32_t size = 0;
        std::uint32_t identity = 0;  // of the inode, or the first cluster
        std::uint32_t changed = 0;   // 0 on FAT
        std::vector<std::uint32_t> sectors;
        bool whole = false;  // FAT: the chain is as long as the size says
    };

    [[nodiscard]] std::optional<Found> find(const MediumState& state, const std::string& path) {
        const auto number = paths_.find(path);
        if (number == paths_.end()) return std::nullopt;
        const CellValue entry = cell(state, key(CellKind::entry, number->second));
        if (entry == 0) return std::nullopt;
        return kind_ == FileSystemKind::fat ? find_fat(state, entry) : find_inode(state, entry);
    }

    // Its bytes; zeros where a sector was never written. A broken chain ends it early.
    [[nodiscard]] std::optional<std::string> read(const MediumState& state,
                                                  const std::string& path) {
        const auto found = find(state, path);
        if (!found) return std::nullopt;
        std::string bytes;
        for (const std::uint32_t sector : found->sectors) {
            std::string text(medium_->text(cell(state, key(CellKind::sector, sector))));
            text.resize(kSector);
            bytes += text;
        }
        bytes.resize(std::min<std::size_t>(bytes.size(), found->size));
        return bytes;
    }

    [[nodiscard]] std::vector<std::string> all(const MediumState& state) {
        std::vector<std::string> found;
        for (const auto& [path, number] : paths_) {
            if (cell(state, key(CellKind::entry, number)) != 0) found.push_back(path);
        }
        return found;
    }

    // FAT: whether the entry of `path` comes after that of `other` for a program that looks at a
    // directory's files in their order, then at its directories (fsck.fat). Of directories beside
    // each other nobody knows.
    [[nodiscard]] std::optional<bool> is_behind(const MediumState& state,
                                                const std::string& path,
                                                const std::string& other) {
        const std::string directory = directory_of(path);
        const std::string its_directory = directory_of(other);
        if (directory == its_directory) return slot(state, path) > slot(state, other);
        if (directory.starts_with(its_directory)) return true;
        if (its_directory.starts_with(directory)) return false;
        return std::nullopt;
    }

    [[nodiscard]] bool is_behind(const std::string& path, const std::string& other) {
        return is_behind(medium_->cache(), path, other).value_or(false);
    }

    // FAT: what fsck.fat makes of a state in which files share their clusters: of two it empties
    // the one that it meets second; here both where that may be either.
    [[nodiscard]] MediumState separated(MediumState state) {
        const std::vector<std::string> files = all(state);
        std::vector<std::string> emptied;
        for (const std::string& path : files) {
            const auto found = find(state, path);
            if (!found || found->size == 0) continue;
            for (const std::string& other : files) {
                const auto its = find(state, other);
                if (other == path || !its || its->size == 0 || its->identity != found->identity)
                    continue;
                if (is_behind(state, path, other).value_or(true)) emptied.push_back(path);
            }
        }
        for (const std::string& path : emptied) {
            set_cell(state, entry_key(path), number({kEnd, 0, slot(state, path)}));
        }
        return state;
    }

    // ---- Changing the cache and, sooner or later, the medium

    // The file anew; what was there is unlinked.
    void create(const std::string& path, std::string_view bytes) {
        unlink(path);
        const auto count = static_cast<std::uint32_t>((bytes.size() + kSector - 1) / kSector);
        std::vector<std::uint32_t> sectors;
        for (std::uint32_t i = 0; i < count; ++i) sectors.push_back(take_free(sectors_));
        for (std::uint32_t i = 0; i < count; ++i) {
            medium_->write(key(CellKind::sector, sectors[i]),
                           medium_->intern(bytes.substr(i * kSector, kSector)),
                           true);
        }
        const auto size = static_cast<std::uint32_t>(bytes.size());
        const CellKey entry = entry_key(path);
        if (kind_ == FileSystemKind::fat) {
            for (std::uint32_t i = 0; i < count; ++i) {
                medium_->write(key(CellKind::chain, sectors[i]),
                               number({i + 1 < count ? sectors[i + 1] : kEnd}));
            }
            // The name is there at once, the rest of the entry when its file is written.
            const std::uint32_t slot = free_slot(directory_of(path));
            medium_->write(entry, number({kEnd, 0, slot}));
            medium_->write_later(entry, number({count == 0 ? kEnd : sectors.front(), size, slot}));
            return;
        }
        const std::uint32_t inode = take_free(inodes_);
        std::vector<std::uint32_t> record{size, ++clock_};
        record.insert(record.end(), sectors.begin(), sectors.end());
        medium_->write(key(CellKind::inode, inode), number(record));
        medium_->write(entry, number({inode}), false, true);
    }

    // Removes the name. On FAT the clusters stay taken until free_held().
    void unlink(const std::string& path) {
        const auto found = find(medium_->cache(), path);
        if (!found) return;
        medium_->write(entry_key(path), 0);
        if (kind_ == FileSystemKind::fat) {
            held_.insert(held_.end(), found->sectors.begin(), found->sectors.end());
            return;
        }
        medium_->write(key(CellKind::inode, found->identity), 0, false, true);
        freed_.push_back(*found);
    }

    [[nodiscard]] bool holds_some() const { return !held_.empty(); }

    // The last descriptor of what was unlinked is closed.
    void free_held() {
        for (const std::uint32_t cluster : held_) {
            medium_->write(key(CellKind::chain, cluster), 0);
            sectors_.erase(cluster);
        }
        held_.clear();
    }

    void exchange(const std::string& a, const std::string& b) {
        const CellValue was_a = cell(medium_->cache(), entry_key(a));
        const CellValue was_b = cell(medium_->cache(), entry_key(b));
        const std::uint32_t slot_a = slot(medium_->cache(), a);
        const std::uint32_t slot_b = slot(medium_->cache(), b);
        write_entry(a, in_slot(was_b, slot_a), false);
        write_entry(b, in_slot(was_a, slot_b), true);
    }

    // rename(2): over what is there.
    void rename(const std::string& from, const std::string& to) {
        const CellValue moved = cell(medium_->cache(), entry_key(from));
        const bool over = find(medium_->cache(), to).has_value();
        unlink(to);
        write_entry(to, in_slot(moved, free_slot(directory_of(to))), over);
        medium_->write(entry_key(from), 0, false, true);
    }

    void write_entry_of(const std::string& path) { medium_->write_late(entry_key(path)); }

    void write_all_entries() { medium_->write_all_late(device_); }

    void commit() { medium_->commit(device_); }

    void flush() { medium_->flush(device_); }

    // The cache was set anew: what is free follows from it.
    void mount() {
        held_.clear();
        freed_.clear();
        sectors_.clear();
        inodes_.clear();
        for (const std::string& path : all(medium_->cache())) {
            const auto found = find(medium_->cache(), path);
            if (!found) continue;
            if (kind_ == FileSystemKind::journalled) {
                inodes_.insert(found->identity);
                sectors_.insert(found->sectors.begin(), found->sectors.end());
            }
        }
        if (kind_ == FileSystemKind::journalled) return;
        for (std::uint32_t cluster = 1; cluster <= highest_; ++cluster) {
            if (cell(medium_->cache(), key(CellKind::chain, cluster)) != 0)
                sectors_.insert(cluster);
        }
    }

  private:
    static constexpr std::uint32_t kEnd = 0xffffffff;

    CellKey key(CellKind kind, std::uint32_t number) const {
        return medium_->key(device_, kind, number);
    }

    CellKey entry_key(const std::string& path) {
        const auto number =
            paths_.try_emplace(path, static_cast<std::uint32_t>(paths_.size())).first->second;
        return key(CellKind::entry, number);
    }

    CellValue number(const std::vector<std::uint32_t>& numbers) {
        return medium_->intern({reinterpret_cast<const char*>(numbers.data()),
                                numbers.size() * sizeof(std::uint32_t)});
    }

    [[nodiscard]] std::uint32_t number_at(CellValue value, std::size_t index) const {
        std::uint32_t found = 0;
        std::memcpy(&found, medium_->text(value).data() + index * sizeof(found), sizeof(found));
        return found;
    }

    static std::string directory_of(const std::string& path) {
        return path.substr(0, path.rfind('/') + 1);
    }

    // The place of an entry in its directory.
    [[nodiscard]] std::uint32_t slot(const MediumState& state, const std::string& path) {
        const CellValue entry = cell(state, entry_key(path));
        return kind_ == FileSystemKind::fat && entry != 0 ? number_at(entry, 2) : 0;
    }

    [[nodiscard]] CellValue in_slot(CellValue entry, std::uint32_t slot) {
        if (kind_ != FileSystemKind::fat || entry == 0) return entry;
        return number({number_at(entry, 0), number_at(entry, 1), slot});
    }

    [[nodiscard]] std::uint32_t free_slot(const std::string& directory) {
        std::set<std::uint32_t> taken;
        for (const std::string& path : all(medium_->cache())) {
            if (directory_of(path) == directory) taken.insert(slot(medium_->cache(), path));
        }
        std::uint32_t free = 0;
        while (taken.contains(free)) ++free;
        return free;
    }

    // The lowest that is free.
    std::uint32_t take_free(std::set<std::uint32_t>& taken) {
        std::uint32_t number = 1;
        for (const std::uint32_t each : taken) {
            if (each != number) break;
            ++number;
        }
        taken.insert(number);
        highest_ = std::max(highest_, number);
        return number;
    }

    void write_entry(const std::string& path, CellValue value, bool joined) {
        if (kind_ == FileSystemKind::fat) {
            medium_->write_later(entry_key(path), value);
        } else {
            medium_->write(entry_key(path), value, false, joined);
        }
    }

    // What was removed is committed: its space may be taken.
    void release() {
        for (const Found& each : freed_) {
            inodes_.erase(each.identity);
            for (const std::uint32_t sector : each.sectors) sectors_.erase(sector);
        }
        freed_.clear();
    }

    std::optional<Found> find_inode(const MediumState& state, CellValue entry) {
        Found found{.identity = number_at(entry, 0), .sectors = {}};
        const CellValue record = cell(state, key(CellKind::inode, found.identity));
        if (record == 0) return found;  // an entry that leads to no inode
        found.size = number_at(record, 0);
        found.changed = number_at(record, 1);
        const std::size_t count = (found.size + kSector - 1) / kSector;
        for (std::size_t i = 0; i < count; ++i) found.sectors.push_back(number_at(record, 2 + i));
        found.whole = true;
        return found;
    }

    std::optional<Found> find_fat(const MediumState& state, CellValue entry) {
        Found found{.size = number_at(entry, 1), .identity = number_at(entry, 0), .sectors = {}};
        const std::size_t count = (found.size + kSector - 1) / kSector;
        std::uint32_t cluster = found.identity;
        while (cluster != kEnd && found.sectors.size() < count) {
            const CellValue next = cell(state, key(CellKind::chain, cluster));
            if (next == 0) return found;
            found.sectors.push_back(cluster);
            cluster = number_at(next, 0);
        }
        found.whole = cluster == kEnd && found.sectors.size() == count;
        return found;
    }

    std::shared_ptr<Medium> medium_;
    FileSystemKind kind_;
    std::uint32_t device_;
    std::map<std::string, std::uint32_t> paths_;
    std::set<std::uint32_t> sectors_;  // taken
    std::set<std::uint32_t> inodes_;   // taken
    std::vector<std::uint32_t> held_;  // FAT: of what was unlinked and is open
    std::vector<Found> freed_;         // journalled: since the last commit
    std::uint32_t highest_ = 0;
    std::uint32_t clock_ = 0;
};

}  // namespace cordwainer::test

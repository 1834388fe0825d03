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
            medium_->write(entry, number({kEnd, 0}));
            medium_->write_later(entry, number({count == 0 ? kEnd : sectors.front(), size}));
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
        write_entry(a, was_b, false);
        write_entry(b, was_a, true);
    }

    // rename(2): over what is there.
    void rename(const std::string& from, const std::string& to) {
        const CellValue moved = cell(medium_->cache(), entry_key(from));
        const bool over = find(medium_->cache(), to).has_value();
        unlink(to);
        write_entry(to, moved, over);
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

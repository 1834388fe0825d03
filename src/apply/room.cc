#include "apply/room.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <set>
#include <utility>

#include "apply/space.h"

namespace cordwainer {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;

// About what a stamp has: an inode's number and nanoseconds.
constexpr std::size_t kStampLength = 40;

std::uint64_t size_at(const std::optional<FileState>& state) {
    return state ? state->size : 0;
}

// What one file target takes, phase by phase. Refers to the run.
class TargetRoom {
  public:
    static Result<TargetRoom> of(const FileRun& run) {
        TargetRoom room(run);
        for (const std::uint64_t number : {0U, 1U}) {
            const RelPath path = TRY(inventory_path(run.own(), number));
            room.inventories_.at(number) = size_at(TRY(run.port.look(path)));
        }
        return room;
    }

    // Whether the inventory is written before anything else is.
    [[nodiscard]] bool claims() const { return !run_->to_write.empty(); }

    [[nodiscard]] PlannedWrite claim() {
        Inventory both = run_->before;
        for (const auto& [path, from] : run_->to_write) {
            OwnedFile file = run_->after.files.at(path);
            file.pending = true;
            const auto before = run_->before.files.find(path);
            if (before != run_->before.files.end()) file.former = before->second.digest;
            both.files.insert_or_assign(path, std::move(file));
        }
        add_references(both, run_->after.references);
        return write(both);
    }

    // What is written at the end; with what its directory grows by, where nothing was before.
    [[nodiscard]] Result<PlannedWrite> last() {
        Inventory after = run_->after;
        for (const auto& [path, from] : run_->to_write) {
            after.files.at(path).stamp = std::string(kStampLength, '0');
        }
        PlannedWrite written = write(after);
        if (!claims()) written.size += TRY(run_->port.growth_of(run_->own().text()));
        return written;
    }

    // What directories grow by: entries of FAT, which are larger than others', 32 bytes for each
    // 13 characters of a name and 64 beside them (Microsoft, "FAT32 File System Specification",
    // version 1.03, section "FAT Long Directory Entries"); each new directory a block; and what the
    // medium makes those larger in which something is made (FileTarget::growth_of), our own
    // included, for the inventory.
    [[nodiscard]] Result<std::uint64_t> directories(const FreeSpace& space) const {
        constexpr std::uint64_t kEntry = 32;
        constexpr std::uint64_t kCharacters = 13;
        const auto entry = [](const std::string& name) {
            return kEntry * (2 + (name.size() + kCharacters - 1) / kCharacters);
        };
        std::set<std::string> known;
        for (const auto& [path, file] : run_->before.files) add_directories(path, known);
        std::map<std::string, std::uint64_t> grown;
        if (claims()) grown[run_->own().text()] = 0;
        std::set<std::string> made;
        for (const auto& [path, from] : run_->to_write) {
            const std::optional<FileState> there = TRY(run_->port.look(path));
            if (there) continue;
            grown[parent_of(path.text())] += entry(path.name());
            add_directories(path, made);
        }
        std::uint64_t bytes = 0;
        for (const std::string& directory : made) {
            if (known.contains(directory)) continue;
            bytes += space.block_size;
            grown[parent_of(directory)] += entry(directory);
        }
        for (const auto& [directory, more] : grown) {
            const std::uint64_t growth = TRY(run_->port.growth_of(directory));
            bytes += in_blocks(std::max(more, growth), space.block_size);
        }
        return bytes;
    }

    [[nodiscard]] const FileRun& run() const { return *run_; }

  private:
    explicit TargetRoom(const FileRun& run) : run_(&run), counter_(run.before.counter) {}

    // Over the older of the two; what it held stays until the new bytes are durable, on FAT.
    PlannedWrite write(const Inventory& inventory) {
        ++counter_;
        Inventory counted = inventory;
        counted.counter = counter_;
        const std::uint64_t size = render_inventory(counted).size();
        return {.size = size, .freed = std::exchange(inventories_.at(counter_ % 2), size)};
    }

    static std::string parent_of(const std::string& path) {
        const std::size_t slash = path.rfind('/');
        return slash == std::string::npos ? "" : path.substr(0, slash);
    }

    static void add_directories(const RelPath& path, std::set<std::string>& directories) {
        for (std::string above = parent_of(path.text()); !above.empty(); above = parent_of(above)) {
            if (!directories.insert(above).second) return;
        }
    }

    const FileRun* run_;
    std::uint64_t counter_;
    std::array<std::uint64_t, 2> inventories_{};  // their sizes
};

// All writes on one volume in their order: what is staged for any target comes before every commit.
class VolumeWrites {
  public:
    explicit VolumeWrites(std::vector<TargetRoom> targets) : targets_(std::move(targets)) {}

    Result<std::vector<PlannedWrite>> all(const RealisedPlan& plan, const FreeSpace& space) {
        for (TargetRoom& target : targets_) {
            if (target.claims()) writes_.push_back(target.claim());
        }
        for (const TargetRoom& target : targets_) {
            writes_.push_back({.size = TRY(target.directories(space))});
        }
        TRY_VOID(steps(plan));
        for (TargetRoom& target : targets_) {
            for (const RelPath& path : target.run().to_remove) {
                writes_.push_back({.freed = size_at(TRY(target.run().port.look(path)))});
            }
            writes_.push_back(TRY(target.last()));
        }
        return std::move(writes_);
    }

  private:
    Result<void> steps(const RealisedPlan& plan) {
        std::vector<PlannedWrite> commits;
        std::uint64_t leftovers = 0;  // of a cut run, under the names of what is staged
        for (const RealisedStep& step : plan.steps) {
            TargetRoom* target = target_for(step);
            if (target == nullptr) continue;
            const FileRun& run = target->run();
            if (const auto* entry = std::get_if<FirmwareEntry>(&step)) {
                TRY_VOID(add_copy(*entry, *target, commits));
                continue;
            }
            const auto file = file_step(step);
            if (!file || !run.to_write.contains(file->path)) continue;
            const std::uint64_t old = size_at(TRY(run.port.look(file->path)));
            const std::uint64_t size = size_of(file->source);
            const auto known = run.before.files.find(file->path);
            const bool exchanged = known != run.before.files.end() && !known->second.pending;
            if (file->commit) {
                commits.push_back({.size = size, .freed = old});
            } else {
                writes_.push_back({.size = size, .freed = exchanged ? old : 0});
                leftovers += exchanged ? 0 : old;
            }
        }
        // FAT lets them go only when all that is staged is durable.
        writes_.push_back({.freed = leftovers});
        writes_.insert(writes_.end(), commits.begin(), commits.end());
        return {};
    }

    static Result<void> add_copy(const FirmwareEntry& entry,
                                 TargetRoom& target,
                                 std::vector<PlannedWrite>& commits) {
        if (!entry.fallback) return {};
        const auto copy = target.run().copies.find(*entry.fallback);
        if (copy == target.run().copies.end()) return {};
        commits.push_back(target.claim());
        const std::uint64_t old = size_at(TRY(target.run().port.look(copy->first)));
        commits.push_back({.size = copy->second, .freed = old});
        return {};
    }

    TargetRoom* target_for(const RealisedStep& step) {
        const auto found = std::ranges::find_if(targets_, [&](const TargetRoom& target) {
            return target.run().planned.id == target_of(step);
        });
        return found == targets_.end() ? nullptr : &*found;
    }

    std::vector<TargetRoom> targets_;
    std::vector<PlannedWrite> writes_;
};

// Nothing where room does not matter.
Result<std::optional<VolumeRoom>> measure_volume(const RealisedPlan& plan,
                                                 const std::string& volume,
                                                 const std::vector<const FileRun*>& runs) {
    const std::optional<FreeSpace> space = TRY(runs.front()->port.free_space());
    if (!space) return std::nullopt;
    VolumeRoom room{.volume = volume, .targets = {}, .free = space->bytes};
    std::vector<TargetRoom> targets;
    for (const FileRun* run : runs) {
        room.targets.push_back(run->planned);
        targets.push_back(TRY(TargetRoom::of(*run)));
    }
    const std::vector<PlannedWrite> writes =
        TRY(VolumeWrites(std::move(targets)).all(plan, *space));
    const SpaceUse use = space_use(writes, space->block_size);
    room.needed = use.peak;
    room.change = use.change;
    return std::optional(std::move(room));
}

}  // namespace

std::uint64_t VolumeRoom::missing() const {
    return needed > free ? needed - free : 0;
}

std::string mebibytes(std::uint64_t bytes) {
    constexpr double kTenths = 10;
    const double tenths = std::ceil(static_cast<double>(bytes) / kMiB * kTenths);
    return fmt::format("{:.1f} MiB", tenths / kTenths);
}

std::string targets_text(const VolumeRoom& room) {
    std::string text = room.targets.size() == 1 ? "target " : "targets ";
    for (std::size_t i = 0; i < room.targets.size(); ++i) {
        const PlannedTarget& target = room.targets[i];
        if (i != 0) text += i + 1 == room.targets.size() ? " and " : ", ";
        text += fmt::format("{} ({})", target.id.text, target.spec.path);
    }
    return text;
}

Result<std::vector<VolumeRoom>> measure_room(const RealisedPlan& plan,
                                             Survey& survey,
                                             const TargetFailed& failed) {
    std::map<std::string, std::vector<TargetId>> volumes;
    for (const auto& [id, run] : survey.files) {
        if (!run.dirty() && run.copies.empty()) continue;
        const auto& uuid = run.planned.uuid;
        volumes[uuid ? uuid->text() : "target " + id.text].push_back(id);
    }
    std::vector<VolumeRoom> rooms;
    for (const auto& [volume, ids] : volumes) {
        std::vector<const FileRun*> runs;
        for (const TargetId& id : ids) runs.push_back(&survey.files.at(id));
        const Result<std::optional<VolumeRoom>> room = measure_volume(plan, volume, runs);
        if (room && *room) rooms.push_back(**room);
        if (room) continue;
        for (const TargetId& id : ids) {
            TRY_VOID(failed(id, room.error()));
            leave_out(survey, id);
        }
    }
    return rooms;
}

Result<void> check_room(const std::vector<VolumeRoom>& volumes) {
    std::vector<std::string> lacking;
    for (const VolumeRoom& room : volumes) {
        if (room.missing() == 0) continue;
        lacking.push_back(fmt::format("{} {} {} and {} {:.1f} MiB free: {} are missing",
                                      targets_text(room),
                                      room.targets.size() == 1 ? "needs" : "need",
                                      mebibytes(room.needed),
                                      room.targets.size() == 1 ? "has" : "have",
                                      std::floor(static_cast<double>(room.free) / kMiB * 10) / 10,
                                      mebibytes(room.missing())));
    }
    if (lacking.empty()) return {};
    return Error(Errc::no_space, fmt::format("{}", fmt::join(lacking, "\n")));
}

}  // namespace cordwainer

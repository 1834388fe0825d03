#include "host/probe.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <optional>
#include <string>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <system_error>
#include <tuple>
#include <utility>

#include "host/probe_blocks.h"
#include "host/probe_devices.h"
#include "host/probe_disk.h"
#include "host/probe_mounts.h"
#include "host/probe_storage.h"
#include "model/planning.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

// A path inside its file system: "/@root/boot/grub", "" for the file system's own root.
std::string offset_in(const Mount& mount, const std::string& path) {
    return (mount.directory == "/" ? "" : mount.directory) + below(path, mount.mount_point);
}

Result<const SystemDevice*> device_of(const Mount& mount, const SystemDevices& devices) {
    const std::string where = mount.mount_point + " (type " + mount.type + ")";
    const bool has_number = major(mount.device) != 0;
    if (!has_number && mount.type != "btrfs") {
        return Error(Errc::unsupported,
                     where + " is not on a disk of this machine that firmware could read");
    }
    // A btrfs has a number of its own, so that its device is known by name only.
    const SystemDevice* device =
        has_number ? devices.numbered(mount.device) : devices.at(mount.source);
    if (device) return device;
    return Error(Errc::not_found,
                 "the device of " + where + ", " + mount.source + ", is not there any more");
}

// Where a file target will be.
struct Place {
    Fd directory;      // the nearest one that exists
    std::string path;  // on the machine, without links: the target's own
    std::string why;   // it is not there now
};

Error at(const TargetSpec& spec, Error error) {
    return std::move(error).with_context(spec.location.text() + ": " + spec.tag);
}

Result<Place> place_of(const Root& system, const std::string& configured) {
    std::string path = without_slashes_at_end(configured);
    std::string missing;
    while (true) {
        const auto entry = TRY(system.link_status(path));
        if (entry) break;
        const std::size_t slash = path.rfind('/');
        missing.insert(0, path.substr(slash));
        path.erase(std::max<std::size_t>(slash, 1));
    }
    const auto status = TRY(system.status(path));
    Place place;
    if (!status) {
        place.why = "the link " + system.outside(path) + " leads to nothing";
        return place;
    }
    if (status->kind != FileKind::directory)
        return Error(Errc::invalid_input, system.outside(path) + " is not a directory");
    // "/.": what is mounted when somebody looks is mounted now.
    place.directory = TRY(system.open_file(path + "/.", O_PATH | O_DIRECTORY));
    std::error_code failed;
    const std::string link = "/proc/self/fd/" + std::to_string(place.directory.get());
    const std::filesystem::path real = std::filesystem::read_symlink(link, failed);
    if (failed) return file_error(failed.value(), "read " + link);
    place.path = without_slashes_at_end(real.string() + missing);
    return place;
}

// What is asked for, and what was known of it before.
struct Question {
    const std::vector<TargetSpec>& specs;
    const std::vector<PlannedTarget>& known;

    // The file systems on which something was installed at the path; none where that is not known.
    [[nodiscard]] std::vector<Uuid> file_systems(const std::string& path) const {
        std::vector<Uuid> found;
        for (const PlannedTarget& target : known) {
            const bool here =
                target.spec.type == TargetType::file && target.uuid &&
                without_slashes_at_end(target.spec.path) == without_slashes_at_end(path);
            if (here) found.push_back(*target.uuid);
        }
        return found;
    }

    [[nodiscard]] bool knows(const Uuid& uuid) const {
        return std::ranges::any_of(
            known, [&](const PlannedTarget& target) { return target.uuid == uuid; });
    }

    // The file system that was at the path, where `now` is another one.
    [[nodiscard]] std::optional<Uuid> replaced(const std::string& path,
                                               const std::optional<Uuid>& now) const {
        const std::vector<Uuid> then = file_systems(path);
        const bool other = !then.empty() && (!now || std::ranges::count(then, *now) == 0);
        return other ? std::optional(then.front()) : std::nullopt;
    }
};

std::string installed_on(const Uuid& uuid) {
    return "the file system with UUID " + uuid.text() + ", on which it was installed";
}

// A target as it was named.
struct Named {
    std::string name;
    std::optional<Uuid> replaced;  // the file system that was there before
};

Named named_as(const TargetSpec& spec, const Question& asked, const Target& target) {
    if (spec.type != TargetType::file) return {.name = spec.block.value, .replaced = std::nullopt};
    return {.name = spec.path, .replaced = asked.replaced(spec.path, target.boot.uuid)};
}

// Two targets of a tag at one place, of which one was on another file system before: the other one
// is mounted there once more, and that one is unreached. Whether the new one, `named`, stays.
bool resolve_twice(const TargetSpec& spec,
                   const TargetId& id,
                   const Named& named,
                   Named& first,
                   ProbedTargets& probed) {
    const auto hidden_by = [](const Named& away, const Named& there) {
        return there.name + " is mounted there once more, and not " + installed_on(*away.replaced);
    };
    if (named.replaced) {
        probed.unreached.push_back({.id = id, .spec = spec, .why = hidden_by(named, first)});
        return false;
    }
    const auto away = std::ranges::find_if(probed.found, [&](const Target& found) {
        return found.spec.tag == spec.tag && found.spec.path == first.name;
    });
    probed.unreached.push_back(
        {.id = away->id, .spec = away->spec, .why = hidden_by(first, named)});
    probed.found.erase(away);
    first = named;
    return true;
}

// Whether it says that a device gives no answer (any more).
bool is_gone(const Error& error) {
    const int err = error.sys_errno;
    return err == EIO || err == ENXIO || err == ENODEV || err == ENOMEDIUM;
}

}  // namespace

struct Probe::State {
    Root system;
    std::filesystem::path mountinfo;
    MountTable mounts;
    Storage storage;
    std::vector<MountedVolume> volumes;

    void read_volumes() {
        volumes.clear();
        const Mount* root = mounts.of(system.path());
        if (root) add_volume(*root, system.path());
        for (const Mount* mount : mounts.visible()) {
            const std::string& point = mount->mount_point;
            if (point != system.path() && lies_in(point, system.path())) add_volume(*mount, point);
        }
    }

    void add_volume(const Mount& mount, const std::string& point) {
        // Whoever asks for a file on it must not take it for one of the mount around it.
        Volume volume{.layers = {},
                      .file_system = mount.type,
                      .features = {},
                      .uuid = std::nullopt,
                      .label = std::nullopt};
        if (const auto device = device_of(mount, storage.devices())) {
            const Result<Volume>& found = storage.volume(**device);
            // A name that a loader reads, on layers that nobody knows, would be taken for readable.
            volume = found ? *found : Volume();
            if (!found) volume.unknown = found.error().message();
        }
        const std::string inside = cordwainer::below(point, system.path());
        volumes.push_back({.mount_point = inside.empty() ? "/" : inside,
                           .prefix = offset_in(mount, point),
                           .volume = std::move(volume)});
    }

    // Where /etc/fstab means to have another file system than the one that is there now.
    Result<std::string> why_unmounted(const std::string& path) const {
        const std::vector<std::string> points = TRY(intended_mount_points(system));
        for (const std::string& point : points) {
            const std::string outside = without_slashes_at_end(system.outside(point));
            if (!lies_in(path, outside)) continue;
            const Mount* mount = mounts.of(outside);
            if (!mount || mount->mount_point != outside)
                return outside + " is not mounted, as /etc/fstab has it";
        }
        return std::string();
    }

    [[nodiscard]] std::optional<Uuid> uuid_on(const Mount& mount) {
        const auto device = device_of(mount, storage.devices());
        if (!device) return std::nullopt;
        const Result<Volume>& volume = storage.volume(**device);
        return volume ? volume->uuid : std::nullopt;
    }

    // Which partition for firmware the path lay on, where it leads into the file system around that
    // one's mount point now: one that no firmware reads, or that was there besides it.
    std::string why_taken_off(const std::string& path, const Question& asked) {
        const Mount* mount = mounts.of(path);
        if (!mount) return {};
        for (const TargetSpec& spec : asked.specs) {
            if (spec.type != TargetType::file || spec.tag == "files") continue;
            if (asked.file_systems(spec.path).empty()) continue;
            const Result<Place> place = place_of(system, spec.path);
            if (!place || !lies_in(path, place->path)) continue;
            if (lies_in(mount->mount_point, place->path)) continue;
            const std::optional<Uuid> now = mount->type == "vfat" ? uuid_on(*mount) : std::nullopt;
            const auto then = asked.replaced(spec.path, now);
            if (!then || (mount->type == "vfat" && !(now && asked.knows(*now)))) continue;
            return installed_on(*then) + ", is not mounted at " + place->path +
                   ": mount it, or an empty one that replaces it";
        }
        return {};
    }

    // What is mounted where place_of() was the first to look is not in the table yet.
    Result<void> see_automount(const std::string& path) {
        const Mount* mount = mounts.of(path);
        if (!mount || mount->type != "autofs") return {};
        mounts = TRY(MountTable::read(mountinfo));
        read_volumes();
        return {};
    }

    // `node`: of the device that the directory lies on.
    Result<Target> file_target(const TargetSpec& spec,
                               const Question& asked,
                               std::string& why,
                               std::filesystem::path& node) {
        Target target;
        const Place place = TRY(place_of(system, spec.path));
        TRY_VOID(see_automount(place.path));
        why = place.why;
        if (why.empty()) why = TRY(why_unmounted(place.path));
        if (why.empty()) why = why_taken_off(place.path, asked);
        if (!why.empty()) return target;
        const Mount* mount = mounts.of(place.path);
        if (!mount) {
            return Error(Errc::unsupported,
                         place.path +
                             " is on no mount that this process sees (it may run in a "
                             "chroot whose root is not a mount point)");
        }
        if (mount->directory.ends_with("//deleted"))
            return Error(Errc::refused,
                         "what is mounted on " + mount->mount_point + " was removed");
        const Result<const SystemDevice*> device = device_of(*mount, storage.devices());
        if (!device && device.error().code == Errc::not_found) why = device.error().message();
        if (!why.empty()) return target;
        if (!device) return device.error();
        node = (*device)->node;
        const Volume volume = TRY(Result<Volume>(storage.volume(**device)));
        target.boot = {.offset = offset_in(*mount, place.path),
                       .label = volume.label,
                       .uuid = volume.uuid,
                       .volume = volume};
        struct statvfs space{};
        if (::fstatvfs(place.directory.get(), &space) != 0)
            return file_error(errno, "look at the space of " + place.path);
        target.observed =
            ObservedFiles{.free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize};
        return target;
    }

    // What cannot be read is no file system.
    void add_file_system(const NamedDevice& found, BootSide& boot) {
        const Result<Signature>& signature = storage.signature(*found.named);
        if (!signature || !signature->has_file_system()) return;
        boot.label = signature->label;
        const bool of_file_system = found.kind != BlockId::Kind::partition_uuid &&
                                    found.kind != BlockId::Kind::partition_table_uuid;
        if (of_file_system) boot.uuid = Uuid::parse(signature->uuid);
    }

    Result<Target> block_target(const TargetSpec& spec,
                                std::string& why,
                                std::filesystem::path& node) {
        Target target;
        const NamedDevice found = TRY(find_block(spec.block, spec.tag == "disk", storage));
        why = found.why;
        if (!found.named) return target;
        node = found.device->node;
        if (storage.may_hold_file_system(*found.named)) {
            add_file_system(found, target.boot);
        }
        const auto table = TRY(Result<std::optional<DiskTable>>(storage.table(*found.device)));
        target.observed = TRY(observe_disk(node, found.device->sector_size, table));
        return target;
    }
};

Probe::Probe(std::unique_ptr<State> state) : state_(std::move(state)) {}

Probe::Probe(Probe&&) noexcept = default;
Probe& Probe::operator=(Probe&&) noexcept = default;
Probe::~Probe() = default;

Result<Probe> Probe::open(const Root& system, const MachinePlaces& places) {
    Root own = TRY(Root::open(system.path()));
    MountTable mounts = TRY(MountTable::read(places.mountinfo));
    SystemDevices devices = TRY(SystemDevices::read(places.sys, places.dev));
    auto state = std::make_unique<State>(State{.system = std::move(own),
                                               .mountinfo = places.mountinfo,
                                               .mounts = std::move(mounts),
                                               .storage = Storage(std::move(devices), places.sys),
                                               .volumes = {}});
    state->read_volumes();
    return Probe(std::move(state));
}

const std::vector<MountedVolume>& Probe::volumes() const {
    return state_->volumes;
}

Result<ProbedTargets> Probe::targets(const std::vector<TargetSpec>& specs,
                                     const std::vector<PlannedTarget>& known) const {
    ProbedTargets probed;
    const Question asked{.specs = specs, .known = known};
    const std::vector<TargetId> ids = target_ids(specs);
    std::map<std::tuple<std::string, std::string, std::string>, Named> names;
    for (std::size_t i = 0; i < specs.size(); ++i) {
        const TargetSpec& spec = specs[i];
        std::string why;
        std::filesystem::path node;
        Result<Target> target = spec.type == TargetType::file
                                    ? state_->file_target(spec, asked, why, node)
                                    : state_->block_target(spec, why, node);
        if (!target && is_gone(target.error())) why = target.error().message();
        if (!target && why.empty()) return at(spec, std::move(target).error());
        if (!why.empty()) {
            probed.unreached.push_back({.id = ids[i], .spec = spec, .why = why});
            continue;
        }
        const bool file = spec.type == TargetType::file;
        const Named named = named_as(spec, asked, *target);
        const auto [other, is_new] = names.try_emplace(
            {spec.tag, node.string(), file ? target->boot.offset.value_or("") : ""}, named);
        if (!is_new && other->second.replaced.has_value() == named.replaced.has_value()) {
            return at(spec,
                      Error(Errc::invalid_input,
                            other->second.name + " and " + named.name + " are one and the same " +
                                (file ? "directory" : "disk") + ": name it once"));
        }
        if (!is_new) {
            if (!resolve_twice(spec, ids[i], named, other->second, probed)) continue;
        }
        target->id = ids[i];
        target->tag = spec.tag;
        target->type = spec.type;
        target->spec = spec;
        if (spec.type == TargetType::block) {
            probed.devices[ids[i]] = node;
            if (spec.block.kind == BlockId::Kind::device_path) {
                probed.warnings.push_back(
                    spec.location.text() + ": " + spec.block.value +
                    " is looked up when installing only, and another disk may have the name then: "
                    "name it by UUID");
            }
        }
        probed.found.push_back(*std::move(target));
    }
    return probed;
}

}  // namespace cordwainer

// What a live machine's targets and volumes are: the mounts, and the devices below them.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "model/plan.h"
#include "model/target.h"
#include "model/volume.h"
#include "sys/root.h"

namespace cordwainer {

// Where the kernel tells of itself; tests give others.
struct MachinePlaces {
    std::filesystem::path mountinfo = "/proc/self/mountinfo";
    std::filesystem::path sys = "/sys";
    std::filesystem::path dev = "/dev";
};

// A target that is not there now: an unplugged disk, a file system that is not mounted.
struct UnreachedTarget {
    TargetId id;
    TargetSpec spec;
    std::string why;  // a sentence without its full stop
};

struct ProbedTargets {
    std::vector<Target> found;  // in the order of the specifications
    std::vector<UnreachedTarget> unreached;
    // The device node of each block target, install side; of the whole disk where the tag is
    // `disk`.
    std::map<TargetId, std::filesystem::path> devices;
    std::vector<std::string> warnings;
};

// The machine's mounts as they were when it was opened, and what was mounted since then because
// targets() looked (automounts). Devices are read when they are asked for, each at most once.
class Probe {
  public:
    // Reads the mount table and the file systems that are mounted below the root of `system`.
    [[nodiscard]] static Result<Probe> open(const Root& system, const MachinePlaces& places = {});

    Probe(Probe&&) noexcept;
    Probe& operator=(Probe&&) noexcept;
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;
    ~Probe();

    // Every mounted file system of the system (below its root), outer mounts first. One that is on
    // no device, or on one that cannot be described, has the name that the kernel has for it, and
    // neither UUID nor label.
    [[nodiscard]] const std::vector<MountedVolume>& volumes() const;

    // What the specifications name. A path is that of its nearest existing directory. What is not
    // there now is `unreached`, a device that was pulled out while it is mounted included; an Error
    // is what no plugging in would cure: a path that is a file or on no disk, a name that fits two
    // volumes (invalid_input, with the candidates), two names of one tag that are for one directory
    // or disk (invalid_input, with both), a device that may not be read.
    //
    // `known`: where something was installed, with the file systems of then. A partition that
    // firmware reads (every tag but `files`) was mounted at such a path: where nothing is mounted
    // there now and the path leads into another file system around it, it is unreached, and so is
    // `files` below it; also where another target's directory is mounted there once more. A new
    // file system that is mounted at the path is found.
    [[nodiscard]] Result<ProbedTargets> targets(const std::vector<TargetSpec>& specs,
                                                const std::vector<PlannedTarget>& known = {}) const;

  private:
    struct State;

    explicit Probe(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace cordwainer

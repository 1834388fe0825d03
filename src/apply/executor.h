// The executor: makes a realised plan true on the targets that are bound, so that a cut at any
// moment leaves what boots whole. Stage everything, commit in order, clean. There is no journal:
// recovery is running again.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "apply/ports.h"
#include "core/error.h"
#include "model/plan.h"
#include "model/target.h"

namespace cordwainer {

// The install side of a plan's targets, for one run. A target that is not bound is left alone: it
// was not reached, or is applied by another call (an image's file targets exist before its disk).
struct Bindings {
    std::map<TargetId, FileTarget*> files;
    std::map<TargetId, BlockTarget*> blocks;
    std::map<TargetId, Error> failing = {};  // that are there, and could not be opened
    FirmwareEntries* firmware = nullptr;     // null: the plan's firmware entries are not made
    // Whether a target that fails is given up, and the others completed, where these can do without
    // it: another one of its tag is like it, or it is only to be cleared.
    bool give_up_failing = false;
};

// How it is known that a file that was written is still what it was.
enum class Trust {
    stamps,    // its size and stamp say so: nothing is read
    contents,  // its content is read and compared: for finding and repairing damage
};

// A target that was given up.
struct FailedTarget {
    TargetId id;
    std::string why;  // a sentence without its full stop
};

struct ApplyOutcome {
    Result<void> result;   // or what stopped it
    bool changed = false;  // whether anything was written, also where it was stopped: then running
                           // again completes it, and until then what booted before still boots
    std::vector<FailedTarget> failed;   // that were given up; `warnings` tells of each
    std::vector<std::string> not_done;  // one sentence for each step that had no port
    std::vector<std::string> warnings;  // one sentence each
};

// Applies the steps of the bound targets. Before the first byte is written, the free space of each
// file target is compared with the peak of what will be written (no_space, with the missing MiB).
// Between the two `before_writing` is called; its error is the result, and nothing is written.
//
// - Every file target has an inventory in its own directory (apply/inventory.h): *old ∪ new* is
//   written before anything is staged, *new* at the end.
// - A file that the old inventory has with the same digest, and that is still there, is not written
//   again. A run with nothing to do writes nothing. With Trust::contents every file is read; one
//   that is damaged is written again, by an exchange, since what boots may refer to it.
// - What the old inventory owns and the plan does not have is removed after the last commit;
// outside
//   the target's own directory only where the content is still the one that was written. A file
//   that no inventory owns is never removed. While a target of the plan is not bound nothing is
//   removed, since what lies there may refer to it; nor is anything from the moment on when one is
//   given up, which may still boot its old menu.
[[nodiscard]] ApplyOutcome apply(const RealisedPlan& plan,
                                 const Bindings& bindings,
                                 Contents& contents,
                                 Progress& progress,
                                 Trust trust = Trust::stamps,
                                 const std::function<Result<void>()>& before_writing = {});

}  // namespace cordwainer

#include "cli/former_targets.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "apply/installed.h"

namespace cordwainer::cli {
namespace {

const Target* found_target(const ProbedTargets& probed, const TargetId& id) {
    const auto found = std::ranges::find(probed.found, id, &Target::id);
    return found == probed.found.end() ? nullptr : &*found;
}

// Why a target that was found is not the one of then.
std::optional<std::string> why_another(const PlannedTarget& target, const Target& found) {
    if (!target.uuid || found.boot.uuid == target.uuid) return std::nullopt;
    return "the file system there is not the one with UUID " + target.uuid->text() +
           ", on which it was";
}

// Whether both are one directory of one file system. A mount that was moved takes its directory to
// another path; what was known then does not say where in its file system it was.
bool same_directory(const PlannedTarget& known,
                    const Target* found,
                    const PlannedTarget& planned,
                    const Target& other) {
    if (known.own != planned.own || !other.boot.uuid) return false;
    if (!found) return known.uuid == other.boot.uuid && known.spec.tag == planned.spec.tag;
    return found->boot.uuid == other.boot.uuid && found->boot.offset == other.boot.offset;
}

class Search {
  public:
    Search(const FormerRequest& request, const TargetLookup& lookup, ProbedTargets& probed)
        : request_(request), lookup_(lookup), probed_(probed) {}

    void consider(const PlannedTarget& known) {
        PlannedTarget former = known;
        const std::size_t number = made_.targets.size() + 1;
        former.id.text = number == 1 ? "former" : "former." + std::to_string(number);
        ProbedTargets now;
        find_again(lookup_, former, now);
        if (is_renamed(former, now)) return;
        if (known.spec.type == TargetType::block) {
            consider_disk(std::move(former));
            return;
        }
        if (!now.unreached.empty()) {
            const std::string& name = name_of(known.spec);
            made_.warnings.push_back(
                name + " was a target of an earlier installation and is not there: " +
                now.unreached.front().why + "; nothing is removed until it is, or until " +
                forgotten(name));
        }
        std::ranges::move(now.found, std::back_inserter(probed_.found));
        std::ranges::move(now.unreached, std::back_inserter(probed_.unreached));
        made_.targets.push_back(std::move(former));
    }

    FormerTargets take() { return std::move(made_); }

  private:
    static std::string forgotten(const std::string& name) {
        return "`cordwainer install --forget " + name + "`";
    }

    [[nodiscard]] bool is_renamed(const PlannedTarget& former, const ProbedTargets& now) const {
        return std::ranges::any_of(request_.planned, [&](const PlannedTarget& planned) {
            if (former.spec.type != planned.spec.type) return false;
            if (former.spec.type == TargetType::block) {
                const auto device = now.devices.find(former.id);
                const auto other = probed_.devices.find(planned.id);
                return device != now.devices.end() && other != probed_.devices.end() &&
                       device->second == other->second;
            }
            const Target* other = found_target(probed_, planned.id);
            return other && same_directory(former, found_target(now, former.id), planned, *other);
        });
    }

    void consider_disk(PlannedTarget former) {
        const std::string& name = name_of(former.spec);
        std::string warning = name +
                              " is no longer a target, and its boot sector still starts the boot "
                              "code that was installed there";
        const bool stays =
            request_.bootloader &&
            std::ranges::any_of(request_.bootloader->installers, [&](const Installer& installer) {
                return installer.tag == former.spec.tag && installer.type == TargetType::block;
            });
        if (!stays && request_.uefi) {
            made_.warnings.push_back(warning + ", which finds no menu any more");
            return;
        }
        warning += "; nothing that this may need is removed until ";
        if (!stays) warning += "UEFI firmware has started this machine, or until ";
        made_.warnings.push_back(warning + forgotten(name));
        made_.targets.push_back(std::move(former));
    }

    const FormerRequest& request_;
    const TargetLookup& lookup_;
    ProbedTargets& probed_;
    FormerTargets made_;
};

}  // namespace

TargetLookup lookup_in(const Probe& probe) {
    return [&probe](const auto& specs, const auto& known) { return probe.targets(specs, known); };
}

const std::string& name_of(const TargetSpec& spec) {
    return spec.type == TargetType::file ? spec.path : spec.block.value;
}

Result<FoundAgain> look_again(const TargetLookup& lookup, const PlannedTarget& target) {
    ProbedTargets now = TRY(lookup({target.spec}, {target}));
    if (now.found.empty()) return Error(Errc::not_found, now.unreached.front().why);
    FoundAgain again{.target = std::move(now.found.front()), .device = {}};
    if (auto another = why_another(target, again.target)) {
        return Error(Errc::not_found, *std::move(another));
    }
    if (const auto device = now.devices.find(again.target.id); device != now.devices.end()) {
        again.device = device->second;
    }
    again.target.id = target.id;
    return again;
}

void find_again(const TargetLookup& lookup, const PlannedTarget& target, ProbedTargets& probed) {
    Result<FoundAgain> again = look_again(lookup, target);
    if (!again) {
        probed.unreached.push_back(
            {.id = target.id, .spec = target.spec, .why = again.error().message()});
        return;
    }
    if (!again->device.empty()) probed.devices[target.id] = again->device;
    probed.found.push_back(std::move(again->target));
}

Result<FormerTargets> find_former(const FormerRequest& request,
                                  const TargetLookup& lookup,
                                  ProbedTargets& probed) {
    std::vector<PlannedTarget> former;
    std::ranges::copy_if(request.known, std::back_inserter(former), [&](const auto& known) {
        return std::ranges::none_of(request.planned, [&](const PlannedTarget& planned) {
            return same_place(planned, known);
        });
    });
    for (const std::string& name : request.forget) {
        const auto named = [&](const PlannedTarget& target) {
            return name_of(target.spec) == name;
        };
        if (std::ranges::any_of(former, named)) continue;
        return Error(Errc::not_found,
                     std::ranges::any_of(request.planned, named)
                         ? name +
                               " is a target of the configuration: remove it there before it is "
                               "forgotten"
                         : name + " is no target of an earlier installation");
    }
    Search search(request, lookup, probed);
    for (const PlannedTarget& target : former) {
        if (std::ranges::count(request.forget, name_of(target.spec)) == 0) search.consider(target);
    }
    return search.take();
}

}  // namespace cordwainer::cli

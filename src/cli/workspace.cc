#include "cli/workspace.h"

#include <system_error>

#include "sys/descriptor.h"

namespace cordwainer::cli {
namespace {

// Beside the system's own, since both caches are keyed by paths inside their root.
constexpr const char* kMachineDigestsName = "machine-digests";

}  // namespace

Workspace Workspace::for_image(const Common& common) {
    return common.state_given ? in(common.state) : Workspace();
}

Workspace Workspace::for_machine(const Common& common) {
    return in(common.state);
}

Workspace Workspace::in(const std::filesystem::path& state) {
    Workspace workspace;
    workspace.given_ = state;
    workspace.digests_ = DigestCache::load(*workspace.given_ / kDigestCacheName);
    workspace.machine_digests_ = DigestCache::load(*workspace.given_ / kMachineDigestsName);
    return workspace;
}

Result<std::filesystem::path> Workspace::state() {
    if (given_) {
        std::error_code failed;
        std::filesystem::create_directories(*given_, failed);
        if (failed) return file_error(failed.value(), "make " + given_->string());
        return *given_;
    }
    if (!temporary_) temporary_.emplace(TRY(TemporaryDirectory::make({}, "cordwainer-")));
    return temporary_->path();
}

Result<void> Workspace::save() const {
    if (!given_) return {};
    TRY_VOID(digests_.save(*given_ / kDigestCacheName));
    return machine_digests_.save(*given_ / kMachineDigestsName);
}

}  // namespace cordwainer::cli

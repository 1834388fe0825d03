#include "host/gc_roots.h"

#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>
#include <variant>
#include <vector>

#include "sys/descriptor.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

constexpr std::string_view kStore = "/gnu/store/";
constexpr const char* kRoots = "/var/guix/gcroots/cordwainer";

template <class S>
void add_source(const S& source, StoreItems& items) {
    const auto* file = std::get_if<HostFile>(&source);
    if (file != nullptr && file->base == HostFile::Base::system) add_item(file->path, items);
}

template <class S>
void add_step(const BasicStageFile<S>& step, StoreItems& items) {
    add_source(step.source, items);
}

template <class S>
void add_step(const BasicProvideFile<S>& step, StoreItems& items) {
    add_source(step.source, items);
}

template <class S>
void add_step(const BasicReplaceFile<S>& step, StoreItems& items) {
    add_source(step.source, items);
}

template <class S>
void add_step(const BasicSwitchBootCode<S>& step, StoreItems& items) {
    add_source(step.boot_code, items);
    for (const BasicBootSlot<S>& slot : step.slots) add_source(slot.image, items);
}

void add_step(const FirmwareEntry& /*step*/, StoreItems& /*items*/) {}

template <class S>
void add_plan(const BasicPlan<S>& plan, StoreItems& items) {
    for (const Reference& reference : plan.references) add_item(reference.path, items);
    for (const BasicStep<S>& step : plan.steps) {
        std::visit([&](const auto& one) { add_step(one, items); }, step);
    }
}

std::string name_of(const std::string& item) {
    return item.substr(kStore.size());
}

// The links that are there.
Result<std::vector<DirectoryEntry>> roots_of(const Root& root) {
    Result<std::vector<DirectoryEntry>> entries = root.list(kRoots);
    if (!entries && entries.error().code == Errc::not_found) return std::vector<DirectoryEntry>();
    return entries;
}

Result<void> flush(const Root& root, const Fd& directory) {
    if (::fsync(directory.get()) == 0) return {};
    return file_error(errno, "flush " + root.outside(kRoots));
}

}  // namespace

void add_item(const std::string& path, StoreItems& items) {
    if (!path.starts_with(kStore)) return;
    const std::string item = path.substr(0, path.find('/', kStore.size()));
    if (item.size() > kStore.size()) items.insert(item);
}

void add_items_of(const Plan& plan, StoreItems& items) {
    add_plan(plan, items);
}

void add_items_of(const RealisedPlan& plan, StoreItems& items) {
    add_plan(plan, items);
}

Result<void> add_gc_roots(const Root& root, const StoreItems& items) {
    const auto store = TRY(root.status(kStore));
    if (!store) return {};
    const std::vector<DirectoryEntry> there = TRY(roots_of(root));
    std::set<std::string_view> names;
    for (const DirectoryEntry& entry : there) names.insert(entry.name);
    Fd directory;
    for (const std::string& item : items) {
        const std::string name = name_of(item);
        if (names.contains(name)) continue;
        if (!directory) {
            TRY_VOID(root.make_directories(kRoots));
            directory = TRY(root.open_file(kRoots, O_RDONLY | O_DIRECTORY));
        }
        if (::symlinkat(item.c_str(), directory.get(), name.c_str()) != 0 && errno != EEXIST) {
            return file_error(errno, "make the link " + root.outside(kRoots) + "/" + name);
        }
    }
    return directory ? flush(root, directory) : Result<void>();
}

Result<void> prune_gc_roots(const Root& root, const StoreItems& items) {
    const std::vector<DirectoryEntry> there = TRY(roots_of(root));
    Fd directory;
    for (const DirectoryEntry& entry : there) {
        const bool wanted = items.contains(std::string(kStore) + entry.name);
        if (entry.kind != FileKind::symbolic_link || wanted) continue;
        if (!directory) directory = TRY(root.open_file(kRoots, O_RDONLY | O_DIRECTORY));
        if (::unlinkat(directory.get(), entry.name.c_str(), 0) != 0 && errno != ENOENT) {
            return file_error(errno, "remove " + root.outside(kRoots) + "/" + entry.name);
        }
    }
    return directory ? flush(root, directory) : Result<void>();
}

}  // namespace cordwainer

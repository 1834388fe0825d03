#include "host/package.h"

#include <fcntl.h>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cordwainer {
namespace {

constexpr std::uint64_t kTextLimit = 1U << 20U;

// Reads what is wanted from the directories of one place. Each is listed once, however often it is
// asked for: GRUB's have hundreds of files.
class DirectoryReader {
  public:
    DirectoryReader(const PackagePlace& place, std::map<std::string, Package::File>& found)
        : place_(place), found_(found) {}

    Result<void> read(const PackageRequest::Files& files) {
        const Listing* listing = TRY(list(files));
        if (!listing) return {};
        for (const DirectoryEntry& entry : listing->entries) {
            if (!entry.name.ends_with(files.suffix) || entry.kind == FileKind::directory) continue;
            TRY_VOID(read_entry(files, *listing, entry));
        }
        return {};
    }

  private:
    struct Listing {
        Fd directory;
        std::vector<DirectoryEntry> entries;
    };

    // Null where the directory is missing and may be.
    Result<const Listing*> list(const PackageRequest::Files& files) {
        const std::string& path = files.directory;
        if (const auto known = listings_.find(path); known != listings_.end()) {
            return &known->second;
        }
        Result<std::vector<DirectoryEntry>> entries = place_.root.list(path);
        if (!entries && files.optional && entries.error().code == Errc::not_found) return nullptr;
        if (!entries) return std::move(entries).error();
        Fd directory = TRY(place_.root.open_file(path, O_PATH | O_DIRECTORY));
        return &listings_.emplace(path, Listing{std::move(directory), *std::move(entries)})
                    .first->second;
    }

    Result<void> read_entry(const PackageRequest::Files& files,
                            const Listing& listing,
                            const DirectoryEntry& entry) {
        std::string path = (std::filesystem::path(files.directory) / entry.name).string();
        std::optional<FileStatus> status =
            TRY(status_at(listing.directory, entry.name.c_str(), place_.root.outside(path)));
        if (status->kind == FileKind::symbolic_link) status = TRY(place_.root.status(path));
        if (!status || status->kind != FileKind::regular) return {};
        // Two parts of a request may overlap; what one has read stays.
        const auto there = found_.find(path);
        if (there != found_.end() && (!files.with_text || !there->second.text.empty())) return {};
        Package::File file;
        file.source = {.base = files.base, .path = path, .digest = {}, .size = status->size};
        if (files.with_text) {
            file.text = TRY(place_.root.read(path, kTextLimit));
            file.source.digest = sha256(file.text);
            file.source.size = file.text.size();
        } else {
            file.source.digest = TRY(place_.digests.digest(place_.root, path, *status));
        }
        found_.insert_or_assign(std::move(path), std::move(file));
        return {};
    }

    const PackagePlace& place_;
    std::map<std::string, Package::File>& found_;
    std::map<std::string, Listing> listings_;  // by path
};

}  // namespace

Result<Package> read_package(const PackageRequest& request,
                             const PackagePlace& machine,
                             const PackagePlace& system) {
    Package package;
    DirectoryReader of_machine(machine, package.files);
    DirectoryReader of_system(system, package.system_files);
    for (const PackageRequest::Files& files : request.files) {
        const bool machines = files.base == HostFile::Base::machine;
        TRY_VOID((machines ? of_machine : of_system).read(files));
    }
    return package;
}

}  // namespace cordwainer

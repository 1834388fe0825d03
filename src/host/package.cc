#include "host/package.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/utf8.h"
#include "sys/spawn.h"

namespace cordwainer {
namespace {

constexpr std::uint64_t kTextLimit = 1U << 20U;

// The file there; nothing where that is no regular file, also behind links.
Result<std::optional<Package::File>> read_one(const std::string& path,
                                              const PackageRequest::Files& files,
                                              const PackagePlace& place) {
    const std::optional<FileStatus> status = TRY(place.root.status(path));
    if (!status || status->kind != FileKind::regular) return std::optional<Package::File>();
    Package::File file;
    file.source = {.base = files.base, .path = path, .digest = {}, .size = status->size};
    if (files.with_text) {
        file.text = TRY(place.root.read(path, kTextLimit));
        file.source.digest = sha256(file.text);
        file.source.size = file.text.size();
    } else {
        file.source.digest = TRY(place.digests.digest(place.root, path, *status));
    }
    return std::optional(std::move(file));
}

Result<void> read_directory(const PackageRequest::Files& files,
                            const PackagePlace& place,
                            std::map<std::string, Package::File>& found) {
    Result<std::vector<DirectoryEntry>> entries = place.root.list(files.directory);
    if (!entries && files.optional && entries.error().code == Errc::not_found) return {};
    if (!entries) return std::move(entries).error();
    for (const DirectoryEntry& entry : *entries) {
        if (!entry.name.ends_with(files.suffix) || entry.kind == FileKind::directory) continue;
        std::string path = (std::filesystem::path(files.directory) / entry.name).string();
        std::optional<Package::File> file = TRY(read_one(path, files, place));
        if (!file) continue;
        // Two parts of a request may overlap; what one has read stays.
        if (const auto there = found.find(path); there == found.end() || there->second.text.empty())
            found.insert_or_assign(std::move(path), std::move(*file));
    }
    return {};
}

Result<std::string> version_of(const std::vector<std::string>& command) {
    SpawnRequest request;
    request.arguments = command;
    request.environment = {{"LC_ALL", "C"}};
    request.timeout = std::chrono::seconds(30);
    const SpawnOutput done = TRY(spawn(request));
    std::string line = to_utf8(done.output.substr(0, done.output.find('\n')));
    if (line.empty()) return Error(Errc::tool_failed, command[0] + " printed no version");
    return line;
}

}  // namespace

Result<Package> read_package(const PackageRequest& request,
                             const PackagePlace& machine,
                             const PackagePlace& system) {
    Package package;
    for (const PackageRequest::Files& files : request.files) {
        TRY_VOID(files.base == HostFile::Base::machine
                     ? read_directory(files, machine, package.files)
                     : read_directory(files, system, package.system_files));
    }
    if (!request.version_command.empty())
        package.version = TRY(version_of(request.version_command));
    return package;
}

}  // namespace cordwainer

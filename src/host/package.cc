#include "host/package.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "core/utf8.h"
#include "sys/spawn.h"

namespace cordwainer {
namespace {

constexpr std::uint64_t kTextLimit = 1U << 20U;

// The names in a directory that the request asks for, in order.
Result<std::vector<std::string>> names_in(const PackageRequest::Files& files) {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator entry(files.directory, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        std::string name = entry->path().filename().string();
        std::error_code ignored;
        if (name.ends_with(files.suffix) && entry->is_regular_file(ignored))
            names.push_back(std::move(name));
    }
    if (!error) {
        std::ranges::sort(names);
        return names;
    }
    if (files.optional && error == std::errc::no_such_file_or_directory)
        return std::vector<std::string>();
    return file_error(error.value(), "list " + files.directory);
}

Result<Package::File> read_one(const std::string& path, bool with_text, const DigestOf& digest) {
    Package::File file;
    file.source.base = HostFile::Base::machine;
    file.source.path = path;
    if (!with_text) {
        const CopiedBytes read = TRY(digest(path));
        file.source.digest = read.digest;
        file.source.size = read.size;
        return file;
    }
    file.text = TRY(read_text_file(path, kTextLimit));
    file.source.digest = sha256(file.text);
    file.source.size = file.text.size();
    return file;
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

Result<Package> read_package(const PackageRequest& request, const DigestOf& digest) {
    Package package;
    for (const PackageRequest::Files& files : request.files) {
        const std::vector<std::string> names = TRY(names_in(files));
        for (const std::string& name : names) {
            std::string path = (std::filesystem::path(files.directory) / name).string();
            Package::File file = TRY(read_one(path, files.with_text, digest));
            // Two parts of a request may overlap; what one has read stays.
            if (const auto there = package.files.find(path);
                there == package.files.end() || there->second.text.empty())
                package.files.insert_or_assign(std::move(path), std::move(file));
        }
    }
    if (!request.version_command.empty())
        package.version = TRY(version_of(request.version_command));
    return package;
}

}  // namespace cordwainer

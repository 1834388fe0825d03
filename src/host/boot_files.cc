#include "host/boot_files.h"

#include <array>
#include <string_view>
#include <sys/utsname.h>
#include <utility>

namespace cordwainer {
namespace {

// Guix's names of a kernel's image, by architecture (gnu/system.scm,
// `system-linux-image-file-name`).
constexpr std::array kImageNames = {"bzImage", "zImage", "Image", "vmlinuz"};

std::string image_name_here() {
    utsname names{};
    if (::uname(&names) != 0) return "bzImage";
    const std::string_view machine = names.machine;
    if (machine == "aarch64" || machine == "riscv64") return "Image";
    if (machine.starts_with("arm")) return "zImage";
    if (machine.starts_with("mips")) return "vmlinuz";
    return "bzImage";
}

// Whether `path` is an item of the store itself, nothing below one.
bool is_store_item(std::string_view path) {
    constexpr std::string_view kStore = "/gnu/store/";
    return path.starts_with(kStore) && path.size() > kStore.size() &&
           path.find('/', kStore.size()) == std::string_view::npos;
}

}  // namespace

BootFiles::Seen BootFiles::inspect(const std::string& path) {
    Seen seen;
    seen.file.path = path;
    const Result<std::optional<FileStatus>> status = root_.status(path);
    if (!status) {
        seen.wrong = "cannot be looked at: " + status.error().message();
    } else if (!*status) {
        seen.wrong = "is missing";
    } else if ((*status)->kind != FileKind::regular) {
        seen.wrong = "is not a regular file";
    } else {
        seen.status = **status;
        seen.file.present = true;
        seen.file.size = seen.status.size;
    }
    if (seen.file.present && digests_) {
        Result<Digest> digest = cache_.digest(root_, path, seen.status);
        if (digest) {
            seen.file.digest = *digest;
        } else {
            seen.wrong = "cannot be read: " + digest.error().message();
        }
    }
    return seen;
}

const BootFiles::Seen& BootFiles::see(const std::string& path) {
    const auto known = seen_.find(path);
    if (known != seen_.end()) return known->second;
    return seen_.emplace(path, inspect(path)).first->second;
}

BootFile BootFiles::look_at(const std::string& path,
                            const std::string& what,
                            std::vector<std::string>& problems) {
    const Seen& seen = see(path);
    if (!seen.wrong.empty()) problems.push_back(what + " " + path + " " + seen.wrong);
    return seen.file;
}

std::optional<std::string> BootFiles::version_of(const BootFile& kernel,
                                                 std::vector<std::string>& problems) {
    const Seen& seen = see(kernel.path);
    if (!seen.wrong.empty()) return std::nullopt;
    const auto version = cache_.kernel_version(root_, kernel.path, seen.status);
    if (version) return *version;
    problems.push_back("the kernel " + kernel.path +
                       " cannot be read: " + version.error().message());
    return std::nullopt;
}

std::string BootFiles::kernel_image(const std::string& path) {
    if (const auto known = images_.find(path); known != images_.end()) return known->second;
    std::string directory = path;
    while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
    const auto status = root_.status(directory);
    const bool found = status && *status;
    const bool is_directory = found && (*status)->kind == FileKind::directory;
    std::string image = directory;
    if (is_directory || (!found && is_store_item(directory))) {
        image = directory + "/" + image_name_here();
        for (const char* name : kImageNames) {
            const std::string candidate = directory + "/" + name;
            const auto there = root_.status(candidate);
            if (!there || !*there) continue;
            image = candidate;
            break;
        }
    }
    return images_.emplace(path, std::move(image)).first->second;
}

}  // namespace cordwainer

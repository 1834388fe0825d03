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

}  // namespace

bool is_store_item(std::string_view path) {
    constexpr std::string_view kStore = "/gnu/store/";
    return path.starts_with(kStore) && path.size() > kStore.size() &&
           path.find('/', kStore.size()) == std::string_view::npos;
}

BootFiles::Seen BootFiles::inspect(const std::string& path) {
    Seen seen;
    seen.file.path = path;
    const Result<std::optional<FileStatus>> result = root_.status(path);
    const std::optional<FileStatus> status = result ? *result : std::nullopt;
    if (!result) {
        seen.wrong = "cannot be looked at: " + result.error().message();
    } else if (!status) {
        seen.wrong = "is missing";
    } else if (status->kind != FileKind::regular) {
        seen.is_directory = status->kind == FileKind::directory;
        seen.wrong = "is not a regular file";
    } else if (status->size == 0) {
        // Nothing boots from it: a cut leaves such files where they were not flushed.
        seen.wrong = "is empty";
    } else {
        seen.status = *status;
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

BootFiles::Seen& BootFiles::see(const std::string& path) {
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
    Seen& seen = see(kernel.path);
    if (!seen.wrong.empty()) return std::nullopt;
    if (!seen.version) seen.version = cache_.kernel_version(root_, kernel.path, seen.status);
    if (*seen.version) return **seen.version;
    problems.push_back("the kernel " + kernel.path +
                       " cannot be read: " + seen.version->error().message());
    return std::nullopt;
}

std::string BootFiles::kernel_image(const std::string& path) {
    std::string place = path;
    while (place.size() > 1 && place.ends_with('/')) place.pop_back();
    const Seen& seen = see(place);
    if (seen.file.present || (!seen.is_directory && !is_store_item(place))) return place;
    for (const char* name : kImageNames) {
        std::string image = place + "/" + name;
        if (see(image).file.present) return image;
    }
    return place + "/" + image_name_here();
}

}  // namespace cordwainer

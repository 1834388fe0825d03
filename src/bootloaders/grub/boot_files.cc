#include "bootloaders/grub/boot_files.h"

#include <cctype>

#include "bootloaders/grub/command_line.h"
#include "bootloaders/grub/readability.h"

namespace cordwainer::grub {
namespace {

std::string last_component(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

// "kernels/DIGEST-NAME": the name of a copy, whose end tells a person what it is. Only characters
// that every file system takes.
std::string copy_name(const HostFile& file) {
    constexpr std::size_t kLongest = 64;
    std::string name = last_component(file.path).substr(0, kLongest);
    for (char& c : name) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                           std::string_view("._+-").contains(c);
        if (!plain) c = '_';
    }
    return "kernels/" + file.digest.hex() + "-" + name;
}

// Whether the menu entry is to tell a multiboot kernel where its root is. Guix stores what Linux is
// told, and adds in its menus what the Hurd understands.
bool lacks_hurd_root(const BootParameters& parameters) {
    if (parameters.multiboot_modules.empty()) return false;
    bool guix = false;
    for (const std::string& word : loader_words(parameters.command_line).words) {
        if (word.starts_with("root=part:") || word.starts_with("root=device:")) return false;
        guix = guix || word.starts_with("gnu.system=");
    }
    return guix;
}

std::string unknown_device_text(const DeviceRef& device) {
    if (const auto* uuid = std::get_if<Uuid>(&device)) {
        return "the file system with UUID " + uuid->text();
    }
    if (const auto* label = std::get_if<FileSystemLabel>(&device)) {
        return "the file system with label " + label->text;
    }
    return "the file system of generations that name none";
}

}  // namespace

Result<BootFiles> BootFiles::make(const Installation& installation, const InstallRequest& request) {
    BootFiles files(installation, request);
    TRY_VOID(files.add_configured());
    return files;
}

Result<EntryFiles> BootFiles::files_of(const Generation& generation) {
    const BootParameters& parameters = generation.parameters;
    const auto place = [&](const BootFile& file) {
        return read_from(file,
                         place_in_store(parameters.store, file.path, request_.observed.volumes));
    };
    EntryFiles files;
    files.kernel = TRY(place(parameters.kernel));
    const bool linux = parameters.multiboot_modules.empty();
    if (linux) files.initrds = microcode_;
    for (const BootFile& initrd : parameters.initrds) {
        files.initrds.push_back(TRY(place(initrd)));
    }
    if (linux && extra_initrd_) files.initrds.push_back(*extra_initrd_);
    for (const MultibootModule& module : parameters.multiboot_modules) {
        files.modules.push_back({.place = TRY(place(module.file)), .arguments = module.arguments});
    }
    if (parameters.device_tree) files.device_tree = TRY(place(*parameters.device_tree));
    if (lacks_hurd_root(parameters)) {
        BootPlace root =
            place_in_store(parameters.store, parameters.kernel.path, request_.observed.volumes);
        if (!root.volume || !why_not(*root.volume)) files.hurd_root = std::move(root);
    }
    return files;
}

std::vector<Reference> BootFiles::take_references() {
    std::vector<Reference> all;
    all.reserve(references_.size());
    for (auto& [path, reference] : references_) all.push_back(std::move(reference));
    references_.clear();
    return all;
}

Result<void> BootFiles::add_configured() {
    const auto& volumes = request_.observed.volumes;
    for (const std::string& path : installation_.config.microcode) {
        const HostFile source = TRY(configured(path));
        microcode_.push_back(TRY(read_source(source, place_in_system(path, volumes))));
    }
    if (!installation_.config.extra_initrd) return {};

    const std::string& path = *installation_.config.extra_initrd;
    const HostFile source = TRY(configured(path));
    BootPlace place = place_in_system(path, volumes);
    if (const auto why = place.volume ? why_not(*place.volume) : std::nullopt) {
        return Error(
            Errc::refused,
            "`extra-initrd` (" + path + ") lies in " + *why +
                ", or move it to a volume that GRUB reads; since it may hold secrets it is "
                "not copied");
    }
    extra_initrd_ = read_in_place(source, std::move(place));
    return {};
}

// `in_place`: where the file lies by itself.
Result<BootPlace> BootFiles::read_from(const BootFile& file, BootPlace in_place) {
    if (!file.present) return Error(Errc::not_found, file.path + " does not exist");
    if (!file.digest) return Error(Errc::invalid_input, file.path + " was not read");
    return read_source({.base = HostFile::Base::system,
                        .path = file.path,
                        .digest = *file.digest,
                        .size = file.size},
                       std::move(in_place));
}

Result<BootPlace> BootFiles::read_source(const HostFile& source, BootPlace in_place) {
    if (installation_.config.copy_kernels) return copy(source);
    if (const auto why = in_place.volume ? why_not(*in_place.volume) : std::nullopt) {
        warn_once("kernels and initrds are copied beside the menu, because they lie in " + *why);
        return copy(source);
    }
    return read_in_place(source, std::move(in_place));
}

BootPlace BootFiles::read_in_place(const HostFile& source, BootPlace place) {
    if (!place.volume && !std::holds_alternative<NfsExport>(place.device)) {
        warn_once(unknown_device_text(place.device) +
                  " is not known here: whether GRUB can read it was not checked");
    }
    Reference reference;
    reference.path = source.path;
    reference.digest = source.digest;
    reference.size = source.size;
    references_.try_emplace(source.path, std::move(reference));
    return place;
}

BootPlace BootFiles::copy(const HostFile& source) {
    const std::string name = copy_name(source);
    copies_.try_emplace(name, source);
    return place_on_target(installation_.files, "/cordwainer/" + name);
}

// A file that the configuration names.
Result<HostFile> BootFiles::configured(const std::string& path) const {
    const auto& files = request_.observed.package.system_files;
    const auto found = files.find(path);
    if (found == files.end()) {
        return Error(Errc::not_found, path + ", which the configuration names, does not exist");
    }
    return found->second.source;
}

const std::optional<std::string>& BootFiles::why_not(const Volume& volume) {
    const auto [entry, added] = readability_.try_emplace(&volume);
    if (!added) return entry->second;
    for (const InstalledPlatform& platform : installation_.platforms) {
        entry->second = why_unreadable(volume, platform.modules);
        if (entry->second) return entry->second;
    }
    if (const auto hint = reading_hint(volume, installation_.platforms.front().modules)) {
        warn_once(*hint);
    }
    return entry->second;
}

void BootFiles::warn_once(const std::string& text) {
    if (warned_.insert(text).second) warnings_.push_back(text);
}

}  // namespace cordwainer::grub

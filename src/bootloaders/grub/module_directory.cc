#include "bootloaders/grub/module_directory.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cordwainer::grub {
namespace {

constexpr std::string_view kModuleSuffix = ".mod";

// Calls `use` with the part before and after the first colon of each line.
template <class Use>
void for_each_pair(std::string_view text, Use use) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        if (const auto colon = line.find(':'); colon != std::string_view::npos) {
            use(line.substr(0, colon), line.substr(colon + 1));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> all;
    while (true) {
        const auto begin = text.find_first_not_of(" \t");
        if (begin == std::string_view::npos) return all;
        text.remove_prefix(begin);
        const auto end = std::min(text.find_first_of(" \t"), text.size());
        all.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return result;
}

// Of the lines of modinfo.sh (config.status makes it from grub-core/modinfo.sh.in), the one that
// says grub_package_version="2.06-13+deb12u2".
Result<Version> read_version(std::string_view modinfo, const std::string& file) {
    constexpr std::string_view kKey = "grub_package_version=\"";
    const auto at = modinfo.find(kKey);
    const bool begins_line = at == 0 || (at != std::string_view::npos && modinfo[at - 1] == '\n');
    if (!begins_line) {
        return Error(Errc::invalid_input, file + " has no line grub_package_version=\"…\"");
    }
    modinfo.remove_prefix(at + kKey.size());
    return parse_version(modinfo.substr(0, modinfo.find('"'))).with_context("read " + file);
}

}  // namespace

bool ModuleDirectory::has(std::string_view module) const {
    return modules.contains(std::string(module));
}

const std::string* ModuleDirectory::algorithm_module(std::string_view algorithm) const {
    const std::string name = upper(algorithm);
    auto found = algorithms.find(name);
    // The list leaves out that "SERPENT" is GRUB's second name of "SERPENT128".
    if (found == algorithms.end()) found = algorithms.find(name + "128");
    return found == algorithms.end() ? nullptr : &found->second;
}

Digest ModuleDirectory::digest() const {
    Sha256 hash;
    for (const auto* files : {&modules, &others}) {
        for (const auto& [name, file] : *files) {
            hash.update(as_bytes(name + '\n'));
            hash.update(file.digest.bytes);
        }
    }
    return hash.finish();
}

Result<ModuleDirectory> read_module_directory(const Package& package, const std::string& path) {
    ModuleDirectory directory;
    directory.path = path;
    const std::string prefix = path + "/";
    const Package::File* dependencies = nullptr;
    const Package::File* modinfo = nullptr;
    for (auto file = package.files.lower_bound(prefix);
         file != package.files.end() && file->first.starts_with(prefix);
         ++file) {
        const std::string name = file->first.substr(prefix.size());
        if (name.find('/') != std::string::npos) continue;
        const Package::File& content = file->second;
        if (name.ends_with(kModuleSuffix)) {
            directory.modules.emplace(name.substr(0, name.size() - kModuleSuffix.size()),
                                      content.source);
            continue;
        }
        directory.others.emplace(name, content.source);
        if (name == "moddep.lst") dependencies = &content;
        if (name == kVersionFile) modinfo = &content;
        if (name == "crypto.lst") {
            for_each_pair(content.text, [&](std::string_view algorithm, std::string_view module) {
                if (auto names = words(module); !names.empty()) {
                    directory.algorithms.emplace(upper(algorithm), std::move(names.front()));
                }
            });
        }
    }
    if (!dependencies || !modinfo) {
        return Error(Errc::not_found,
                     "there is no GRUB in " + path + " (it has no " +
                         (dependencies ? kVersionFile : "moddep.lst") +
                         "): install the GRUB package of this platform, or set `package` or "
                         "`platform-packages`");
    }
    directory.version = TRY(read_version(modinfo->text, prefix + kVersionFile));
    for_each_pair(dependencies->text, [&](std::string_view module, std::string_view needs) {
        directory.dependencies.emplace(module, needs);
    });
    return directory;
}

Result<std::vector<std::string>> with_dependencies(const ModuleDirectory& directory,
                                                   const std::set<std::string>& wanted) {
    std::set<std::string> all;
    std::vector<std::string> open(wanted.begin(), wanted.end());
    while (!open.empty()) {
        std::string module = std::move(open.back());
        open.pop_back();
        if (all.contains(module)) continue;
        if (!directory.has(module)) {
            return Error(Errc::unsupported,
                         "the GRUB in " + directory.path + " has no module " + module);
        }
        if (const auto needs = directory.dependencies.find(module);
            needs != directory.dependencies.end()) {
            std::ranges::move(words(needs->second), std::back_inserter(open));
        }
        all.insert(std::move(module));
    }
    return std::vector<std::string>(all.begin(), all.end());
}

}  // namespace cordwainer::grub

#include "bootloaders/grub/menu_entry.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "bootloaders/grub/command_line.h"
#include "bootloaders/grub/script.h"
#include "core/utc_time.h"
#include "formats/grub_quote.h"

namespace cordwainer::grub {
namespace {

void open_containers(Script& script, const std::vector<Uuid>& containers) {
    for (const Uuid& container : containers) {
        // Three attempts, as in the core image; an open container is not asked for again.
        for (int attempt = 0; attempt < 3; ++attempt) {
            script.begin("cryptomount -u").raw(container.without_dashes()).end();
        }
    }
}

void search(Script& script, const BootPlace& place, const std::string& variable) {
    if (std::holds_alternative<NfsExport>(place.device)) {
        script.line("set " + variable + "=(tftp)");
        return;
    }
    script.begin("search --no-floppy --set=" + variable);
    if (const auto* uuid = std::get_if<Uuid>(&place.device)) {
        script.raw("--fs-uuid").raw(uuid->text());
    } else if (const auto* label = std::get_if<FileSystemLabel>(&place.device)) {
        script.raw("--label");
        if (label->text.starts_with('-')) script.raw("--");
        script.word(label->text);
    } else {
        script.raw("--file").word(place.path);
    }
    script.end();
}

// Writes the files of one entry, each reached by its own search where it is not on $root.
class EntryWriter {
  public:
    EntryWriter(ReadingModules& reading, Script& script) : reading_(reading), script_(script) {}

    // Makes the device of `place` $root.
    Result<void> set_root(const BootPlace& place) {
        root_ = place;
        return reach(place, "root");
    }

    // Reaches a file's device where that is not $root; to be called before its command begins.
    Result<void> prepare(const BootPlace& place) {
        if (place.beside(root_) || variable_of(place)) return {};
        others_.emplace_back(place, "volume_" + std::to_string(others_.size() + 1));
        return reach(place, others_.back().second);
    }

    // The word that names a prepared file.
    void word(const BootPlace& place) {
        if (const std::string* variable = variable_of(place)) {
            script_.joined("($" + *variable + ")", place.path);
        } else {
            script_.word(place.path);
        }
    }

    // The variable that is the device of a prepared file.
    std::string device(const BootPlace& place) {
        const std::string* variable = variable_of(place);
        return variable ? *variable : "root";
    }

  private:
    // The lines after which `variable` is the device of `place`.
    Result<void> reach(const BootPlace& place, const std::string& variable) {
        if (place.volume) {
            const std::set<std::string>* needed = TRY(reading_.of(*place.volume));
            for (const std::string& module : *needed) load(module);
        } else if (!place.crypto.empty()) {
            load("luks");
            load("luks2");
        }
        open_containers(script_, place.crypto);
        search(script_, place, variable);
        return {};
    }

    void load(const std::string& module) {
        if (loaded_.insert(module).second) script_.line("insmod " + module);
    }

    const std::string* variable_of(const BootPlace& place) const {
        if (place.beside(root_)) return nullptr;
        const auto found = std::ranges::find_if(
            others_, [&](const auto& other) { return place.beside(other.first); });
        return found == others_.end() ? nullptr : &found->second;
    }

    ReadingModules& reading_;
    Script& script_;
    BootPlace root_;
    std::set<std::string> loaded_;
    std::vector<std::pair<BootPlace, std::string>> others_;
};

void add_words(Script& script, const std::vector<std::string>& words) {
    for (const std::string& word : words) script.word(word);
}

// Runs `write` for the platforms of which `has` is true: unguarded where that is all of them.
template <class Has, class Write>
void for_platforms(Script& script, const Installation& installation, Has has, Write write) {
    const auto& platforms = installation.platforms;
    const bool all = std::ranges::all_of(platforms, has);
    if (all) {
        write();
        return;
    }
    for (const InstalledPlatform& in_use : platforms) {
        if (!has(in_use)) continue;
        script.line("if [ \"$grub_cpu-$grub_platform\" = '" + std::string(in_use.platform->name) +
                    "' ]; then");
        script.indent();
        write();
        script.outdent().line("fi");
    }
}

void write_device_tree(Script& script,
                       const Installation& installation,
                       const std::function<void()>& write_path) {
    const auto has_device_trees = [](const InstalledPlatform& in_use) {
        return in_use.modules.has("fdt");
    };
    for_platforms(script, installation, has_device_trees, [&] {
        script.begin("devicetree");
        write_path();
        script.end();
    });
}

// A multiboot kernel and its modules, in the version of the protocol that the kernel has: GRUB
// looks into the file. `write` is told the commands' suffix.
void write_multiboot(Script& script,
                     const std::function<void()>& write_kernel,
                     const std::function<void(const char* version)>& write) {
    script.begin("if file --is-x86-multiboot2");
    write_kernel();
    script.raw("; then").end().indent();
    write("2");
    script.outdent().line("else").indent();
    write("");
    script.outdent().line("fi");
}

Result<void> write_linux(EntryWriter& writer,
                         Script& script,
                         const Installation& installation,
                         const EntryFiles& files,
                         const std::vector<std::string>& words) {
    script.begin("linux");
    writer.word(files.kernel);
    add_words(script, words);
    script.end();
    if (!files.initrds.empty()) {
        for (const BootPlace& initrd : files.initrds) TRY_VOID(writer.prepare(initrd));
        script.begin("initrd");
        for (const BootPlace& initrd : files.initrds) writer.word(initrd);
        script.end();
    }
    if (files.device_tree) {
        TRY_VOID(writer.prepare(*files.device_tree));
        write_device_tree(script, installation, [&] { writer.word(*files.device_tree); });
    }
    return {};
}

// Sets $hurd_root to what tells the Hurd its root: the partition's number on a disk that it counts
// as GRUB does, driven by itself ("wd") where its kernel is told to leave IDE alone, else by that
// ("hd"). To nothing where the root is no plain partition.
Result<void> write_hurd_root(EntryWriter& writer,
                             Script& script,
                             const BootPlace& root,
                             const std::vector<std::string>& words) {
    TRY_VOID(writer.prepare(root));
    const bool own_driver = std::ranges::find(words, "noide") != words.end();
    script.line("set hurd_root=");
    script.line("if regexp --set=1:disk --set=2:part '^[a-z]*([0-9]+),[a-z]*([0-9]+)$' \"$" +
                writer.device(root) + "\"; then");
    script.indent();
    script.line(std::string("set hurd_root=\"root=part:$part:device:") +
                (own_driver ? "wd" : "hd") + "$disk\"");
    script.outdent().line("fi");
    return {};
}

Result<void> write_modules(EntryWriter& writer,
                           Script& script,
                           const EntryFiles& files,
                           const std::vector<std::string>& words) {
    for (const EntryFiles::Module& module : files.modules) TRY_VOID(writer.prepare(module.place));
    for (const BootPlace& initrd : files.initrds) TRY_VOID(writer.prepare(initrd));
    if (files.hurd_root) TRY_VOID(write_hurd_root(writer, script, *files.hurd_root, words));
    write_multiboot(
        script,
        [&] { writer.word(files.kernel); },
        [&](const std::string& version) {
            script.begin("multiboot" + version);
            writer.word(files.kernel);
            if (files.hurd_root) script.raw("$hurd_root");
            add_words(script, words);
            script.end();
            for (const EntryFiles::Module& module : files.modules) {
                script.begin("module" + version);
                writer.word(module.place);
                for (const std::string& argument : module.arguments) {
                    script.word(module_word(argument));
                }
                script.end();
            }
            for (const BootPlace& initrd : files.initrds) {
                script.begin("module" + version);
                writer.word(initrd);
                script.end();
            }
        });
    return {};
}

// The device of an entry of the user's own; a path in GRUB's own notation names its device itself.
void write_user_device(Script& script, const UserEntry& entry) {
    if (!entry.crypto_devices.empty()) script.line("insmod luks").line("insmod luks2");
    open_containers(script, entry.crypto_devices);
    const bool named = !std::holds_alternative<std::monostate>(entry.device);
    if (!named && !entry.file && entry.path.starts_with('(')) return;
    const BootPlace place{.device = entry.device,
                          .crypto = {},
                          .path = entry.file.value_or(entry.path),
                          .volume = nullptr};
    search(script, place, "root");
}

void write_user_kernel(Script& script, const UserEntry& entry, const Installation& installation) {
    if (entry.kind == UserEntry::Kind::linux) {
        script.begin("linux").word(entry.path);
        add_words(script, loader_words(entry.command_line).words);
        script.end();
        if (!entry.initrds.empty()) {
            script.begin("initrd");
            add_words(script, entry.initrds);
            script.end();
        }
        if (entry.device_tree) {
            write_device_tree(script, installation, [&] { script.word(*entry.device_tree); });
        }
        return;
    }
    write_multiboot(
        script,
        [&] { script.word(entry.path); },
        [&](const std::string& version) {
            script.begin("multiboot" + version).word(entry.path);
            add_words(script, loader_words(entry.command_line).words);
            script.end();
            for (const auto& module : entry.modules) {
                script.begin("module" + version);
                add_words(script, module);
                script.end();
            }
        });
}

}  // namespace

std::string entry_id(std::uint64_t generation) {
    return "generation-" + std::to_string(generation);
}

std::string entry_title(const Generation& generation) {
    // More does not fit on a screen, and GRUB stops at words of 8 KiB.
    constexpr std::size_t kLongestLabel = 400;
    const std::string created = utc_text(generation.created);  // "2026-11-22T10:00:00Z"
    return grub_title(generation.parameters.label, kLongestLabel) + " (#" +
           std::to_string(generation.number) + ", " + created.substr(0, 10) + " " +
           created.substr(11, 5) + ")";
}

Result<std::string> generation_commands(const EntryFiles& files,
                                        const std::vector<std::string>& words,
                                        const Installation& installation,
                                        ReadingModules& reading) {
    constexpr std::size_t kUsualSize = 500;
    Script script(kUsualSize);
    script.indent();
    EntryWriter writer(reading, script);
    TRY_VOID(writer.set_root(files.kernel));
    if (files.modules.empty()) {
        TRY_VOID(write_linux(writer, script, installation, files, words));
    } else {
        TRY_VOID(write_modules(writer, script, files, words));
    }
    return script.finish();
}

Result<std::string> user_commands(const UserEntry& entry, const Installation& installation) {
    Script script;
    script.indent();
    write_user_device(script, entry);
    switch (entry.kind) {
        case UserEntry::Kind::linux:
        case UserEntry::Kind::multiboot:
            write_user_kernel(script, entry, installation);
            break;
        case UserEntry::Kind::chainload:
        case UserEntry::Kind::efi:
            script.begin("chainloader").word(entry.path).end();
            break;
    }
    return script.finish();
}

}  // namespace cordwainer::grub

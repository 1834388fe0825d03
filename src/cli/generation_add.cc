#include "cli/generation_add.h"

#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/generations_request.h"
#include "cli/output.h"
#include "core/utc_time.h"
#include "core/utf8.h"
#include "host/add_generation.h"
#include "sys/root.h"

namespace cordwainer::cli {
namespace {

struct AddOptions {
    std::string kernel;
    std::vector<std::string> initrds;
    std::string command_line;
    std::optional<std::string> label;
    std::string device_tree;
    std::vector<std::string> modules;
    std::string store_device;
    std::string store_mount_point = "/";
    std::optional<std::string> directory_prefix;
    std::vector<std::string> crypto_devices;
    std::string created;
    bool no_current = false;
};

Error wrong(const std::string& value, const char* wanted) {
    return {Errc::invalid_input, fmt::format("must be {}, not \"{}\"", wanted, value)};
}

// A check of an option's value: what `parse` refuses is a mistake on the command line.
template <class T>
std::function<std::string(const std::string&)> accepted_by(Result<T> (*parse)(const std::string&)) {
    return [parse](const std::string& text) {
        const Result<T> parsed = parse(text);
        return parsed ? std::string() : parsed.error().message();
    };
}

// What boot.json can keep.
Result<std::string> text_of(const std::string& text) {
    if (!is_utf8(text)) return wrong(to_utf8(text), "text in UTF-8");
    return text;
}

Result<DeviceRef> device_of(const std::string& text) {
    if (text.empty()) return DeviceRef{};
    if (text.starts_with("label=")) return DeviceRef(FileSystemLabel{text.substr(6)});
    const auto uuid = text.starts_with("uuid=") ? Uuid::parse(text.substr(5)) : std::nullopt;
    if (!uuid) return wrong(text, "uuid=UUID or label=LABEL");
    return DeviceRef(*uuid);
}

Result<std::string> absolute_path_of(const std::string& text) {
    if (!text.starts_with('/')) return wrong(text, "an absolute path");
    return text;
}

Result<Uuid> uuid_of(const std::string& text) {
    const auto uuid = Uuid::parse(text);
    if (!uuid) return wrong(text, "a UUID");
    return *uuid;
}

Result<Store> store_of(const AddOptions& options) {
    Store store;
    store.device = TRY(device_of(options.store_device));
    store.mount_point = options.store_mount_point;
    store.directory_prefix = options.directory_prefix;
    for (const std::string& text : options.crypto_devices) {
        Uuid uuid = TRY(uuid_of(text));
        store.crypto_devices.push_back(std::move(uuid));
    }
    return store;
}

// "FILE ARGUMENT…", separated by blanks.
Result<NewGeneration::Module> module_of(const std::string& text) {
    TRY_VOID(text_of(text));
    std::vector<std::string> words;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(' ', start), text.size());
        if (end > start) words.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    if (words.empty()) return wrong(text, "a file and its arguments");
    return NewGeneration::Module{words.front(), {words.begin() + 1, words.end()}};
}

Result<std::int64_t> created_of(const std::string& text) {
    if (text.empty()) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::seconds>(now).count();
    }
    const auto time = parse_utc(text);
    if (!time) return wrong(text, "a time in UTC such as 2026-11-22T10:00:00Z");
    return *time;
}

Result<NewGeneration> generation_of(const AddOptions& options) {
    NewGeneration generation;
    generation.label = options.label;
    generation.kernel = options.kernel;
    generation.initrds = {options.initrds.begin(), options.initrds.end()};
    generation.command_line = options.command_line;
    for (const std::string& text : options.modules) {
        NewGeneration::Module module = TRY(module_of(text));
        generation.modules.push_back(std::move(module));
    }
    if (!options.device_tree.empty()) generation.device_tree = options.device_tree;
    generation.created = TRY(created_of(options.created));
    generation.store = TRY(store_of(options));
    generation.make_current = !options.no_current;
    return generation;
}

Result<int> run_add(const AddOptions& options, const Common& common) {
    const NewGeneration generation = TRY(generation_of(options));
    const Root root = TRY(Root::open(common.root));
    const auto state = state_inside(root, common);
    if (!state) {
        return Error(Errc::refused,
                     fmt::format("a generation is part of its system, and {} is not inside {}",
                                 common.state,
                                 common.root));
    }
    const AddedGeneration added = TRY(add_generation(root, *state, generation));
    const Result<void> printed = common.json
                                     ? print_json({{"format", "cordwainer-generation-added/1"},
                                                   {"number", added.number},
                                                   {"path", added.path}})
                                     : print(fmt::format("{}\n", added.number));
    if (printed) return kDone;
    complain(printed.error().message());
    complain(fmt::format("generation {} is added; `cordwainer list` shows it", added.number));
    return kPartial;
}

std::vector<Option> add_options(AddOptions& options) {
    return {
        {.names = {"--kernel"},
         .value = "FILE",
         .meaning = "The kernel's image",
         .target = &options.kernel,
         .required = true},
        {.names = {"--initrd"},
         .value = "FILE",
         .meaning = "An initrd; several are loaded in this order",
         .target = &options.initrds},
        {.names = {"--cmdline"},
         .value = "TEXT",
         .meaning = "The kernel's command line",
         .target = &options.command_line,
         .required = true,
         .check = accepted_by(text_of)},
        {.names = {"--label"},
         .value = "TEXT",
         .meaning = "What a menu shows; by default \"Linux\" and the kernel's version",
         .target = &options.label,
         .check = accepted_by(text_of)},
        {.names = {"--device-tree"},
         .value = "FILE",
         .meaning = "A device tree",
         .target = &options.device_tree},
        {.names = {"--module"},
         .value = "\"FILE ARGUMENT...\"",
         .meaning =
             "A module for a multiboot kernel, with its arguments; may be given several times",
         .target = &options.modules,
         .check = accepted_by(module_of)},
        {.names = {"--store-device"},
         .value = "DEVICE",
         .meaning = "The file system that the state directory is on: uuid=UUID or label=LABEL; by "
                    "default a boot loader looks for the files",
         .target = &options.store_device,
         .check = accepted_by(device_of)},
        {.names = {"--store-mount-point"},
         .value = "PATH",
         .meaning = "Where that is mounted",
         .target = &options.store_mount_point,
         .check = accepted_by(absolute_path_of)},
        {.names = {"--directory-prefix"},
         .value = "PATH",
         .meaning = "The btrfs subvolume that is mounted there",
         .target = &options.directory_prefix,
         .check = accepted_by(absolute_path_of)},
        {.names = {"--crypto-device"},
         .value = "UUID",
         .meaning = "The UUID of a LUKS container to open first; may be given several times",
         .target = &options.crypto_devices,
         .check = accepted_by(uuid_of)},
        {.names = {"--created"},
         .value = "TIME",
         .meaning = "When it was made, in UTC; by default now",
         .target = &options.created,
         .check = accepted_by(created_of)},
        {.names = {"--no-current"},
         .meaning = "Leave the current generation the one that it is",
         .target = &options.no_current},
    };
}

}  // namespace

Command generation_add_command() {
    return {
        .name = "generation add",
        .summary = "makes the next of cordwainer's own generations",
        .declare = [] -> Declared {
            auto options = std::make_shared<AddOptions>();
            return {.options = add_options(*options),
                    .run = [options](const Common& common) { return run_add(*options, common); }};
        },
        .details = R"(For systems that are neither Guix nor NixOS. The files are copied into
generations/N of the state directory, inside the root; what happens to the originals afterwards
changes no generation. The number is printed. It is one more than the highest there, so that numbers
are not used again.

Whoever boots the generation finds cordwainer.generation=N at the end of its command line.

Example:

  cordwainer generation add --kernel /boot/vmlinuz --initrd /boot/initrd.img \
      --cmdline "root=LABEL=root ro quiet")",
    };
}

}  // namespace cordwainer::cli

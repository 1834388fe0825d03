#include "formats/boot_parameters.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <variant>

#include "core/location.h"
#include "core/utf8.h"
#include "formats/scheme_datum.h"

namespace cordwainer {
namespace {

using Fields = std::span<const Datum>;

// A device as boot data and as the kernel's argument know it.
struct Device {
    DeviceRef reference;
    std::string root;  // GuixParameters::root
};

// The datum of a field, shortened, for messages.
std::string shown(const Datum& datum) {
    constexpr std::size_t kLongest = 60;
    const std::string text = render_datum(datum);
    return text.size() <= kLongest ? text : to_utf8(text.substr(0, kLongest)) + "…";
}

// The first field (NAME value…) of that name, as Guile's `assq` finds it; null where there is none.
const std::vector<Datum>* find_field(Fields fields, std::string_view name) {
    for (const Datum& field : fields) {
        const std::vector<Datum>* items = field.list();
        if (items && !items->empty() && items->front().is_symbol(name)) return items;
    }
    return nullptr;
}

std::optional<Uuid::Kind> kind_of_type(std::string_view type, std::size_t size) {
    static constexpr std::array kDce = {
        "dce", "ext2", "ext3", "ext4", "btrfs", "bcachefs", "f2fs", "jfs", "xfs", "luks"};
    static constexpr std::array kFat = {"fat", "fat16", "fat32", "exfat"};
    if (std::ranges::count(kDce, type) > 0) return Uuid::Kind::dce;
    if (std::ranges::count(kFat, type) > 0) return Uuid::Kind::fat;
    if (type == "ntfs") return Uuid::Kind::ntfs;
    if (type == "iso9660") return Uuid::Kind::iso9660;
    // A type that came later: its size tells the notation.
    if (size == 16) return Uuid::Kind::dce;
    if (size == 4) return Uuid::Kind::fat;
    if (size == 8) return Uuid::Kind::ntfs;
    return std::nullopt;
}

class ParametersReader {
  public:
    ParametersReader(const std::string& file, std::string_view text) : file_(file), text_(text) {}

    Result<GuixParameters> read(const Datum& datum) {
        const std::vector<Datum>* all = datum.list();
        if (!all || all->empty() || !all->front().is_symbol("boot-parameters")) {
            return fail(datum, "expected (boot-parameters …), not " + shown(datum));
        }
        GuixParameters parameters;
        parameters.version = TRY(read_version(datum, *all));
        const Datum* label = TRY(positional(datum, *all, 2, "label"));
        parameters.label = TRY(text_of(*label, "the label"));
        const Datum* root = TRY(positional(datum, *all, 3, "root-device"));
        const Device root_device = TRY(device_of(*root, "root-device"));
        parameters.root = root_device.root;
        const Datum* kernel = TRY(positional(datum, *all, 4, "kernel"));
        parameters.kernel = TRY(path_of(*kernel, "the kernel"));
        const Fields fields = std::span(*all).subspan(5);
        parameters.arguments = TRY(strings_of(fields, "kernel-arguments"));
        parameters.initrd = TRY(read_initrd(fields));
        parameters.multiboot_modules = TRY(read_modules(fields));
        parameters.store = TRY(read_store(fields, root_device.reference));
        return parameters;
    }

  private:
    [[nodiscard]] Error fail(const Datum& datum,
                             const std::string& why,
                             Errc code = Errc::invalid_input) const {
        return {code, locate(file_, text_, datum.offset).text() + ": " + why};
    }

    // The value of the field that must be the `index`th of the whole datum: (NAME VALUE).
    Result<const Datum*> positional(const Datum& whole,
                                    const std::vector<Datum>& all,
                                    std::size_t index,
                                    const char* name) const {
        const auto wanted = [&] {
            return std::string("expected (") + name + " …) as field " + std::to_string(index);
        };
        if (index >= all.size()) return fail(whole, wanted() + "; the datum ends before");
        const std::vector<Datum>* items = all[index].list();
        if (!items || items->size() != 2 || !items->front().is_symbol(name)) {
            return fail(all[index], wanted() + ", not " + shown(all[index]));
        }
        return &(*items)[1];
    }

    // The only value of an optional field; null where the field is missing or its value is #f.
    Result<const Datum*> optional(Fields fields, const char* name) const {
        const std::vector<Datum>* items = find_field(fields, name);
        if (!items) return nullptr;
        if (items->size() != 2) {
            return fail(items->front(), std::string("expected (") + name + " VALUE)");
        }
        const Datum& value = (*items)[1];
        return value == Datum{false} ? nullptr : &value;
    }

    Result<int> read_version(const Datum& whole, const std::vector<Datum>& all) const {
        const Datum* value = TRY(positional(whole, all, 1, "version"));
        const auto* number = std::get_if<std::int64_t>(&value->value);
        if (number && (*number == 0 || *number == 1)) return static_cast<int>(*number);
        return fail(*value,
                    "boot parameters of version " + shown(*value) +
                        " are not known to this cordwainer, which reads versions 0 and 1",
                    Errc::unsupported);
    }

    Result<std::string> text_of(const Datum& datum, const std::string& what) const {
        const auto* text = std::get_if<std::string>(&datum.value);
        if (!text) return fail(datum, what + " must be a string, not " + shown(datum));
        if (text->find('\0') != std::string::npos) {
            return fail(datum, what + " must not contain a NUL character");
        }
        return *text;
    }

    // An absolute file name, or in old files (string-append DIRECTORY FILE).
    Result<std::string> path_of(const Datum& datum, const std::string& what) const {
        std::string path;
        const std::vector<Datum>* call = datum.list();
        if (call && !call->empty() && call->front().is_symbol("string-append")) {
            for (std::size_t i = 1; i < call->size(); ++i) {
                const std::string part = TRY(text_of((*call)[i], what));
                path += part;
            }
        } else {
            path = TRY(text_of(datum, what));
        }
        if (!path.starts_with('/')) {
            return fail(datum, what + " must be an absolute file name, not " + shown(datum));
        }
        return path;
    }

    Result<std::vector<std::string>> strings(const Datum& datum, const std::string& what) const {
        const std::vector<Datum>* items = datum.list();
        if (!items) return fail(datum, what + " must be a list of strings, not " + shown(datum));
        std::vector<std::string> texts;
        for (const Datum& item : *items) {
            std::string text = TRY(text_of(item, "each of " + what));
            texts.push_back(std::move(text));
        }
        return texts;
    }

    Result<std::vector<std::string>> strings_of(Fields fields, const char* name) const {
        const Datum* value = TRY(optional(fields, name));
        if (!value) return std::vector<std::string>();
        return strings(*value, name);
    }

    Result<std::optional<std::string>> read_initrd(Fields fields) const {
        const Datum* value = TRY(optional(fields, "initrd"));
        if (!value) return std::nullopt;
        std::string path = TRY(path_of(*value, "the initrd"));
        return path;
    }

    Result<std::vector<std::vector<std::string>>> read_modules(Fields fields) const {
        std::vector<std::vector<std::string>> modules;
        const Datum* value = TRY(optional(fields, "multiboot-modules"));
        if (!value) return modules;
        const std::vector<Datum>* items = value->list();
        if (!items) {
            return fail(*value, "multiboot-modules must be a list of lists, not " + shown(*value));
        }
        for (const Datum& item : *items) {
            std::vector<std::string> module = TRY(strings(item, "a multiboot module's strings"));
            if (module.empty() || !module.front().starts_with('/')) {
                return fail(item, "a multiboot module begins with an absolute file name");
            }
            modules.push_back(std::move(module));
        }
        return modules;
    }

    // A UUID in brackets, or in old files bare. `root`: its text as the kernel's root.
    Result<Uuid> uuid_of(const Datum& datum, std::string& root) const {
        const std::vector<Datum>* items = datum.list();
        std::string type = "dce";
        const auto* bytes = std::get_if<Bytes>(&datum.value);
        if (items && items->size() == 3 && items->front().is_symbol("uuid")) {
            const auto* symbol = std::get_if<SchemeSymbol>(&(*items)[1].value);
            bytes = std::get_if<Bytes>(&(*items)[2].value);
            if (!symbol) bytes = nullptr;
            if (symbol) type = symbol->name;
        }
        if (!bytes) return fail(datum, "expected (uuid TYPE #vu8(…)), not " + shown(datum));
        const auto kind = kind_of_type(type, bytes->size());
        const auto uuid = kind ? Uuid::from_bytes(*kind, *bytes) : std::nullopt;
        if (!uuid) {
            return fail(datum, shown(datum) + " is no UUID: its bytes do not fit its type");
        }
        const bool is_dce = *kind == Uuid::Kind::dce;
        const auto dce = is_dce ? uuid : Uuid::from_bytes(Uuid::Kind::dce, *bytes);
        root = dce ? dce->text() : uuid->text();
        return *uuid;
    }

    Result<Device> device_of(const Datum& datum, const char* what) const {
        const std::vector<Datum>* items = datum.list();
        if (items && items->size() == 2 && items->front().is_symbol("file-system-label")) {
            const std::string label = TRY(text_of((*items)[1], "a file system's label"));
            return Device{FileSystemLabel{label}, label};
        }
        if (std::holds_alternative<std::string>(datum.value)) {
            Result<std::string> text = text_of(datum, what);
            if (!text) return std::move(text).error();
            return named_device(*text);
        }
        Device device;
        device.reference = TRY(uuid_of(datum, device.root));
        return device;
    }

    // A device that is written as a string. What begins with "/" is known to one booted kernel
    // only, and "tmpfs" and "none" are no place where a store could be.
    static Device named_device(const std::string& text) {
        if (text.starts_with('/') || text == "tmpfs" || text == "none") return {{}, text};
        if (text.find(":/") != std::string::npos) return {NfsExport{text}, text};
        return {FileSystemLabel{text}, text};
    }

    Result<Store> read_store(Fields all, const DeviceRef& root) const {
        Store store;
        store.device = root;
        const std::vector<Datum>* found = find_field(all, "store");
        if (!found) return store;  // old files: on the root file system
        const Fields fields = std::span(*found).subspan(1);
        store.device = {};
        const Datum* device = TRY(optional(fields, "device"));
        if (device) {
            const Device found_device = TRY(device_of(*device, "the store's device"));
            store.device = found_device.reference;
        }
        const Datum* mount_point = TRY(optional(fields, "mount-point"));
        if (mount_point) {
            store.mount_point = TRY(path_of(*mount_point, "the store's mount point"));
        }
        const Datum* prefix = TRY(optional(fields, "directory-prefix"));
        if (prefix) {
            const std::string text = TRY(text_of(*prefix, "the store's directory prefix"));
            if (!text.empty()) store.directory_prefix = (text[0] == '/' ? "" : "/") + text;
        }
        store.crypto_devices = TRY(read_crypto_devices(fields));
        return store;
    }

    Result<std::vector<Uuid>> read_crypto_devices(Fields fields) const {
        std::vector<Uuid> uuids;
        const Datum* value = TRY(optional(fields, "crypto-devices"));
        if (!value) return uuids;
        const std::vector<Datum>* items = value->list();
        if (!items) return fail(*value, "crypto-devices must be a list, not " + shown(*value));
        for (const Datum& item : *items) {
            std::string unused;
            Uuid uuid = TRY(uuid_of(item, unused));
            uuids.push_back(std::move(uuid));
        }
        return uuids;
    }

    const std::string& file_;
    std::string_view text_;
};

}  // namespace

Result<GuixParameters> parse_boot_parameters(const std::string& file, std::string_view text) {
    if (!is_utf8(text)) return parse_boot_parameters(file, to_utf8(text));
    const Datum datum = TRY(parse_datum(file, text));
    return ParametersReader(file, text).read(datum);
}

std::string guix_command_line(const GuixParameters& parameters, std::string_view link) {
    const bool old_names = parameters.version == 0;
    std::size_t size = sizeof "rootfstype= gnu.system= gnu.load=/boot";
    size += parameters.root.size() + 2 * link.size();
    for (const std::string& argument : parameters.arguments) size += 1 + argument.size();
    std::string line;
    line.reserve(size);
    if (parameters.root == "tmpfs") {
        line = "rootfstype=tmpfs ";
    } else if (parameters.root != "none") {
        line = (old_names ? "--root=" : "root=") + parameters.root + " ";
    }
    line += old_names ? "--system=" : "gnu.system=";
    line += link;
    line += old_names ? " --load=" : " gnu.load=";
    line += link;
    line += "/boot";
    for (const std::string& argument : parameters.arguments) {
        line += ' ';
        line += argument;
    }
    return line;
}

}  // namespace cordwainer

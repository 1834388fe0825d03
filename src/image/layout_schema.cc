#include "image/layout_schema.h"

#include <string_view>
#include <utility>

#include "image/partition_types.h"
#include "image/size_text.h"

namespace cordwainer::image {
namespace {

using Check = std::function<std::optional<std::string>(const std::string&)>;

ConfigType text(Check check = nullptr) {
    ConfigType type;
    type.check = std::move(check);
    return type;
}

ConfigType one_of(std::vector<std::string> allowed) {
    ConfigType type;
    type.allowed = std::move(allowed);
    return type;
}

ConfigType number(std::int64_t minimum, std::int64_t maximum) {
    ConfigType type;
    type.kind = ConfigType::Kind::integer;
    type.minimum = minimum;
    type.maximum = maximum;
    return type;
}

ConfigType table_of(std::string name, std::vector<ConfigKey> keys) {
    ConfigType type;
    type.kind = ConfigType::Kind::table;
    type.table.push_back({.name = std::move(name), .keys = std::move(keys)});
    return type;
}

ConfigType list_of(ConfigType element) {
    ConfigType type;
    type.kind = ConfigType::Kind::list;
    type.element.push_back(std::move(element));
    return type;
}

ConfigKey key(std::string name, ConfigType type, std::string default_text, std::string meaning) {
    ConfigKey made;
    made.name = std::move(name);
    made.type = std::move(type);
    made.default_text = std::move(default_text);
    made.meaning = std::move(meaning);
    return made;
}

ConfigKey required(ConfigKey needed) {
    needed.required = true;
    return needed;
}

// A check that passes where `good` holds, and otherwise says what is expected.
Check expect(bool (*good)(const std::string&), const char* expected) {
    return [good, expected](const std::string& value) -> std::optional<std::string> {
        if (good(value)) return std::nullopt;
        return expected;
    };
}

bool is_path(const std::string& value) {
    return !value.empty() && value.find('\0') == std::string::npos;
}

// Absolute and normal: no empty component, no "." or "..".
bool is_system_path(const std::string& value) {
    if (value == "/") return true;
    if (!value.starts_with('/') || value.ends_with('/') || !is_path(value)) return false;
    std::string_view rest = std::string_view(value).substr(1);
    while (true) {
        const std::size_t slash = rest.find('/');
        const std::string_view part = rest.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return false;
        if (slash == std::string_view::npos) return true;
        rest.remove_prefix(slash + 1);
    }
}

bool is_subvolume(const std::string& value) {
    return is_system_path("/" + value) && value != "/";
}

bool is_bytes(const std::string& value) {
    return parse_bytes(value).has_value();
}

bool is_size(const std::string& value) {
    return parse_size(value).has_value();
}

bool is_image_size(const std::string& value) {
    return value == "content" || is_bytes(value);
}

bool is_mbr_type(const std::string& value) {
    return parse_mbr_type(value).has_value();
}

std::optional<std::string> check_type(const std::string& value) {
    if (find_partition_type(value)) return std::nullopt;
    std::string names;
    for (const std::string& name : partition_type_names()) names += name + ", ";
    return "one of " + names + "a GUID, or an MBR type such as 0x83";
}

ConfigType partition_type() {
    ConfigType type = text(check_type);
    type.suggested = partition_type_names();
    return type;
}

const Check kPath = expect(is_path, "a path that is not empty");
const Check kSystemPath =
    expect(is_system_path, "an absolute path without \".\", \"..\" and doubled or trailing \"/\"");

ConfigType encryption() {
    return table_of(
        "partition.encryption",
        {required(key("type", one_of({"luks2", "luks1"}), "", "The format of the container.")),
         key("passphrase",
             text(),
             "",
             "The passphrase itself: only for tests, since it lies here."),
         key("passphrase-file",
             text(kPath),
             "",
             "A file that holds the passphrase; one newline at its end is not part of it."),
         key("pbkdf",
             one_of({"pbkdf2", "argon2i", "argon2id"}),
             "\"pbkdf2\"",
             "How the key is derived from the passphrase; GRUB 2.06 can only do pbkdf2."),
         key("iterations",
             number(4, 4294967295),
             "",
             "How often; by default as often as the building machine does in two seconds."),
         key("memory", number(32, 4194304), "", "For argon2: KiB of memory."),
         key("parallel", number(1, 4), "", "For argon2: threads."),
         key("key-size",
             number(256, 512),
             "512",
             "256 or 512 bits: the cipher is AES in XTS mode, with a key of half as many."),
         key("hash", one_of({"sha256", "sha512"}), "\"sha256\"", "The hash of pbkdf2 and digests."),
         key("sector-size",
             number(512, 4096),
             "512",
             "LUKS2: 512 or 4096 bytes are encrypted at once."),
         key("label", text(), "", "LUKS2: a label of the container."),
         key("uuid", text(), "", "The container's UUID; by default derived from the layout.")});
}

ConfigType contents() {
    return list_of(table_of(
        "partition.contents",
        {required(
             key("from", text(kPath), "", "A directory; what is in it goes into the partition.")),
         key("to", text(kSystemPath), "\"/\"", "Where it goes, inside the file system."),
         key("owner",
             one_of({"keep", "root"}),
             "\"keep\"",
             "Whether owner and group are kept or become root.")}));
}

ConfigType subvolumes() {
    return list_of(table_of(
        "partition.subvolumes",
        {required(key("name",
                      text(expect(is_subvolume, "a relative path such as \"@root\"")),
                      "",
                      "The subvolume, below the top of the file system.")),
         key("mount", text(kSystemPath), "", "What part of the system's tree it holds.")}));
}

ConfigType partitions() {
    return list_of(table_of(
        "partition",
        {required(
             key("type",
                 partition_type(),
                 "",
                 "A name (bios-boot, esp, linux, linux-root-x86-64, swap, …), a GUID, or an MBR "
                 "type such as 0x83.")),
         key("label", text(), "", "The name of the partition in a GPT, at most 36 characters."),
         key("uuid", text(), "", "The partition's UUID; by default derived from the layout."),
         key("size",
             text(expect(is_size,
                         "a size such as \"64MiB\", \"content\", \"content + 20%\", \"content + "
                         "64MiB\", or \"rest\"")),
             "\"content\"",
             "Fixed, what the content needs (and more), or what the others leave."),
         key("alignment",
             text(expect(is_bytes, "a size such as \"1MiB\"")),
             "that of the image",
             "What the partition's start is a multiple of."),
         key("flags",
             list_of(one_of({"bootable",
                             "required",
                             "no-block-io",
                             "legacy-boot",
                             "read-only",
                             "hidden",
                             "no-auto"})),
             "[]",
             "bootable: the active flag of an MBR entry. The others: GPT attributes."),
         key("hybrid-type",
             text(expect(is_mbr_type, "an MBR type such as \"0x0c\"")),
             "",
             "For table = \"hybrid-mbr\": the partition is also in the MBR, with this type."),
         key("file-system",
             one_of({"none", "vfat", "ext4", "btrfs", "swap"}),
             "\"none\"",
             "What the partition holds."),
         key("file-system-label", text(), "", "The label of the file system."),
         key("file-system-uuid",
             text(),
             "",
             "The UUID of the file system (vfat: \"1C31-A17C\"); by default derived from the "
             "layout."),
         key("mount", text(kSystemPath), "", "What part of the system's tree the partition holds."),
         key("contents", contents(), "[]", "Further directories; later ones replace earlier ones."),
         key("subvolumes", subvolumes(), "[]", "For btrfs: subvolumes to make."),
         key("encryption", encryption(), "", "A LUKS container around the file system.")}));
}

}  // namespace

ConfigSchema layout_schema() {
    const ConfigType image = table_of(
        "image",
        {key("table", one_of({"gpt", "mbr", "hybrid-mbr"}), "\"gpt\"", "The partition table."),
         key("size",
             text(expect(is_image_size, "\"content\" or a size such as \"512MiB\"")),
             "\"content\"",
             "The size of the image; \"content\": as large as the partitions need."),
         key("alignment",
             text(expect(is_bytes, "a size such as \"1MiB\"")),
             "\"1MiB\"",
             "What the partitions' starts are multiples of."),
         key("uuid",
             text(),
             "",
             "The disk's GUID, or the MBR disk identifier as 8 hexadecimal digits; by default "
             "derived from the layout."),
         key("seed",
             text(),
             "\"\"",
             "Any text: images of one layout with different seeds have different identifiers."),
         key("guest-kernel",
             text(kPath),
             "",
             "The Linux kernel for the guest that fills btrfs subvolumes; by default the newest "
             "/boot/vmlinuz-* of the system, then of the building machine."),
         key("guest-modules",
             text(kPath),
             "",
             "The modules of that kernel, a directory such as /lib/modules/VERSION.")});
    const ConfigType system = table_of(
        "system",
        {required(
             key("root",
                 text(kPath),
                 "",
                 "The tree of the system: its generations and /etc/cordwainer/config.toml come "
                 "from inside it.")),
         key("owner",
             one_of({"keep", "root"}),
             "\"keep\"",
             "Whether owner and group of its files are kept or become root.")});
    return {
        .name = "layout",
        .keys = {key("image", image, "", "The image as a whole."),
                 key("system", system, "", "The system that it holds."),
                 required(key("partition", partitions(), "", "The partitions, in their order."))}};
}

}  // namespace cordwainer::image

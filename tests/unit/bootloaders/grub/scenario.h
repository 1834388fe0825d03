// Requests for planning tests: a small GRUB package, a system, its targets.
#pragma once

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bootloaders/grub/bootloader.h"
#include "model/config_schema.h"
#include "model/planning.h"
#include "tests/unit/bootloaders/grub/config_builder.h"

namespace cordwainer::grub::testing {

inline Uuid uuid(const std::string& text) {
    return Uuid::parse(text).value();
}

inline const std::string kRootUuid = "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3";
inline const std::string kLuksUuid = "9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821";
inline const std::string kOtherUuid = "0c5a1e2d-9f4b-4c6d-8e7a-1b2c3d4e5f60";

// A file whose digest stands for its path.
inline HostFile machine_file(const std::string& path) {
    return {.base = HostFile::Base::machine, .path = path, .digest = sha256(path), .size = 1000};
}

inline BootFile boot_file(const std::string& path) {
    return {.path = path, .present = true, .size = 4096, .digest = sha256(path)};
}

// A GRUB package with Debian's file names: for each platform what ext4 on GPT and MBR needs, and
// what a test adds.
class FakePackage {
  public:
    explicit FakePackage(const std::string& version = "2.06-13+deb12u2") {
        add("/usr/bin/grub-mkimage");
        add("/usr/share/grub/unicode.pf2");
        for (const char* platform : kPlatforms) add_lists(platform, version);
        add_modules({"ext2", "fshelp", "part_gpt", "part_msdos", "search_fs_uuid"});
        for (const char* file :
             {"biosdisk.mod", "boot.img", "diskboot.img", "lzma_decompress.img"}) {
            add(std::string("/usr/lib/grub/i386-pc/") + file);
        }
        for (const char* platform : {"i386-pc", "x86_64-efi", "i386-efi"}) {
            add(std::string("/usr/lib/grub/") + platform + "/keylayouts.mod");
        }
        add("/usr/lib/grub/arm64-efi/fdt.mod");
    }

    void add(const std::string& path, const std::string& content = "") {
        HostFile file = machine_file(path);
        if (!content.empty()) file.digest = sha256(path + content);
        package_.files[path] = {.source = file, .text = content};
    }

    // Adds modules to every platform.
    void add_modules(std::initializer_list<const char*> modules) {
        for (const char* platform : kPlatforms) {
            for (const char* module : modules) {
                add(std::string("/usr/lib/grub/") + platform + "/" + module + ".mod");
            }
        }
    }

    void add_luks_modules() {
        add_modules({"crypto",
                     "cryptodisk",
                     "gcry_rijndael",
                     "gcry_sha1",
                     "gcry_sha256",
                     "luks",
                     "luks2",
                     "serial",
                     "terminal"});
    }

    void add_system_file(const std::string& path) {
        HostFile file = machine_file(path);
        file.base = HostFile::Base::system;
        package_.system_files[path] = {.source = file, .text = ""};
    }

    void remove(const std::string& path) { package_.files.erase(path); }

    [[nodiscard]] const Package& get() const { return package_; }

  private:
    static constexpr std::array kPlatforms{"i386-pc", "x86_64-efi", "i386-efi", "arm64-efi"};

    void add_lists(const std::string& platform, const std::string& version) {
        const std::string directory = "/usr/lib/grub/" + platform + "/";
        add(directory + "modinfo.sh",
            "grub_version=\"2.06\"\ngrub_package_version=\"" + version + "\"\n");
        add(directory + "kernel.img");
        add(directory + "crypto.lst",
            "AES: gcry_rijndael\nSERPENT128: gcry_serpent\nSHA1: gcry_sha1\n"
            "SHA256: gcry_sha256\nSHA512: gcry_sha512\n");
        add(directory + "moddep.lst",
            "ext2: fshelp\nluks: crypto cryptodisk\nluks2: crypto cryptodisk\n"
            "cryptodisk: crypto\nlvm: diskfilter\nmdraid1x: diskfilter\nraid5rec: diskfilter\n"
            "btrfs: zstd\n");
    }

    Package package_;
};

inline Volume ext4_on_gpt(const std::string& id = kRootUuid) {
    return {.layers = {PartitionTable{PartitionTable::Kind::gpt}},
            .file_system = "ext4",
            .features = {"extent", "64bit", "flex_bg", "metadata_csum"},
            .uuid = uuid(id),
            .label = "root"};
}

inline LuksContainer luks2(std::vector<std::string> derivations) {
    return {.version = 2,
            .uuid = uuid(kLuksUuid),
            .key_derivations = std::move(derivations),
            .cipher = "aes-xts-plain64",
            .hash = "sha256",
            .sector_size = 512};
}

inline LuksContainer luks1() {
    return {.version = 1,
            .uuid = uuid(kLuksUuid),
            .key_derivations = {"pbkdf2"},
            .cipher = "aes-xts-plain64",
            .hash = "sha256",
            .sector_size = 512};
}

// A generation as Guix has it, with a store on the root file system.
inline Generation guix_generation(std::uint64_t number) {
    const std::string n = std::to_string(number);
    Generation generation;
    generation.number = number;
    generation.created = 1700000000 + static_cast<std::int64_t>(number) * 86400;
    generation.identity = "/gnu/store/" + n + "-system";
    BootParameters& parameters = generation.parameters;
    parameters.label = "GNU with Linux-Libre 6.1." + n;
    parameters.kernel = boot_file("/gnu/store/" + n + "-linux/bzImage");
    parameters.initrds = {boot_file("/gnu/store/" + n + "-raw-initrd/initrd.cpio.gz")};
    parameters.command_line = "root=" + kRootUuid + " gnu.system=/var/guix/profiles/system-" + n +
                              "-link gnu.load=/var/guix/profiles/system-" + n + "-link/boot quiet";
    parameters.store.device = uuid(kRootUuid);
    return generation;
}

// Everything that a plan is made from. By default a system on one ext4, with two generations.
struct Scenario {
    ConfigTable config{{"files", text("/boot/grub")}};
    std::vector<Generation> generations{guix_generation(1), guix_generation(2)};
    std::vector<Target> targets;
    std::vector<MountedVolume> volumes;
    FakePackage package;

    explicit Scenario(Volume root = ext4_on_gpt(), const std::string& prefix = "") {
        generations.back().current = true;
        mount("/", std::move(root), prefix);
        put_files_on("/boot/grub");
    }

    void set(const std::string& key, ConfigValue value) {
        config.emplace_back(key, std::move(value));
    }

    void mount(const std::string& mount_point, Volume volume, const std::string& prefix = "") {
        volumes.push_back(
            {.mount_point = mount_point, .prefix = prefix, .volume = std::move(volume)});
    }

    // The files target at `path`, on whatever is mounted there.
    void put_files_on(const std::string& path) {
        std::erase_if(targets, [](const Target& target) { return target.tag == "files"; });
        targets.insert(targets.begin(), file_target("files", "files", path));
    }

    void add_esp(const std::string& path = "/boot/efi") {
        if (!find_key("esp")) set("esp", list({}));
        std::get<ConfigList>(find_key("esp")->value).push_back(text(path));
        const auto count = std::ranges::count(targets, "esp", &Target::tag);
        mount(path,
              {.layers = {PartitionTable{PartitionTable::Kind::gpt}},
               .file_system = "vfat",
               .features = {},
               .uuid = uuid("1C31-A17C"),
               .label = "ESP"});
        targets.push_back(
            file_target("esp", count == 0 ? "esp" : "esp." + std::to_string(count + 1), path));
    }

    void add_disk(const ObservedDisk& disk) {
        set("disk", text("/dev/disk/by-id/the-disk"));
        Target target;
        target.id = {"disk"};
        target.tag = "disk";
        target.type = TargetType::block;
        target.spec = {
            .tag = "disk",
            .type = TargetType::block,
            .path = {},
            .block = {.kind = BlockId::Kind::device_path, .value = "/dev/disk/by-id/the-disk"},
            .location = {}};
        target.observed = disk;
        targets.push_back(std::move(target));
    }

    void add_gpt_disk() {
        add_disk({.sector_size = 512,
                  .table = PartitionTable::Kind::gpt,
                  .bios_boot = SectorRange{.first_lba = 2048, .count = 2048},
                  .gap = std::nullopt,
                  .unknown_data = false});
    }

    void add_mbr_disk(std::uint64_t gap = 2047) {
        add_disk({.sector_size = 512,
                  .table = PartitionTable::Kind::mbr,
                  .bios_boot = std::nullopt,
                  .gap = SectorRange{.first_lba = 1, .count = gap},
                  .unknown_data = false});
    }

    [[nodiscard]] ConfigValue config_value() const { return table(config); }

    // Plans; what the configuration's checks find is an error, too.
    [[nodiscard]] Result<Plan> plan() const {
        const Bootloader grub = bootloader();
        const ConfigValue value = config_value();
        for (const auto& problems : {check_config(grub.schema, value), grub.check(value)}) {
            if (!problems.empty()) return Error(Errc::invalid_input, problems.front());
        }
        const Observed observed{.volumes = volumes, .package = package.get()};
        return make_plan(grub, value, generations, targets, observed);
    }

    [[nodiscard]] ConfigValue* find_key(const std::string& key) {
        for (auto& [name, value] : config) {
            if (name == key) return &value;
        }
        return nullptr;
    }

  private:
    [[nodiscard]] Target file_target(const std::string& tag,
                                     const std::string& id,
                                     const std::string& path) const {
        const MountedVolume* mounted = volume_of(volumes, path);
        const std::string& mount_point = mounted->mount_point;
        Target target;
        target.id = {id};
        target.tag = tag;
        target.spec = {
            .tag = tag, .type = TargetType::file, .path = path, .block = {}, .location = {}};
        target.boot.offset =
            mounted->prefix + (mount_point == "/" ? path : path.substr(mount_point.size()));
        target.boot.label = mounted->volume.label;
        target.boot.uuid = mounted->volume.uuid;
        target.boot.volume = mounted->volume;
        return target;
    }
};

// The text that a plan writes to a path ending in `suffix`; empty where it writes none.
inline std::string text_written(const Plan& plan, const std::string& suffix) {
    for (const Step& step : plan.steps) {
        const auto* replace = std::get_if<ReplaceFile>(&step);
        if (!replace || !replace->path.text().ends_with(suffix)) continue;
        if (const auto* source = std::get_if<Text>(&replace->source)) return source->text;
    }
    return "";
}

// The menu: the longer of the two configuration files.
inline std::string menu_of(const Plan& plan) {
    for (const Step& step : plan.steps) {
        const auto* replace = std::get_if<ReplaceFile>(&step);
        if (!replace || !replace->path.text().starts_with("cordwainer/")) continue;
        if (const auto* source = std::get_if<Text>(&replace->source)) return source->text;
    }
    return "";
}

// The recipe of the first core image of a plan, or of what holds it.
inline const Recipe* core_of(const Plan& plan, const std::string& path_suffix) {
    for (const Step& step : plan.steps) {
        const auto* replace = std::get_if<ReplaceFile>(&step);
        if (replace && replace->path.text().ends_with(path_suffix)) {
            return std::get_if<Recipe>(&replace->source);
        }
    }
    return nullptr;
}

inline std::string early_configuration_of(const Recipe& core) {
    for (const RecipeInput& input : core.inputs) {
        if (input.name == "early.cfg") return std::get<Text>(input.source).text;
    }
    return "";
}

inline std::vector<std::string> modules_of(const Recipe& core) {
    std::vector<std::string> names;
    for (const RecipeInput& input : core.inputs) {
        if (input.name.ends_with(".mod"))
            names.push_back(input.name.substr(0, input.name.size() - 4));
    }
    return names;
}

}  // namespace cordwainer::grub::testing

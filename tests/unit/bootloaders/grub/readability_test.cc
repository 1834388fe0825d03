#include "bootloaders/grub/readability.h"

#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/unit/bootloaders/grub/scenario.h"

namespace cordwainer::grub::testing {
namespace {

constexpr Version k2_04{.major = 2, .minor = 4, .debian_revision = 0, .debian_update = 0};
constexpr Version k2_06{.major = 2, .minor = 6, .debian_revision = 0, .debian_update = 0};
constexpr Version kDebian12{.major = 2, .minor = 6, .debian_revision = 13, .debian_update = 2};
constexpr Version kDebian11{.major = 2, .minor = 6, .debian_revision = 3, .debian_update = 0};
constexpr Version k2_12{.major = 2, .minor = 12, .debian_revision = 0, .debian_update = 0};
constexpr Version k2_14{.major = 2, .minor = 14, .debian_revision = 0, .debian_update = 0};

// A GRUB with all modules that Debian has for file systems and ciphers.
ModuleDirectory all_modules(Version version) {
    ModuleDirectory directory;
    directory.version = version;
    directory.path = "/usr/lib/grub/i386-pc";
    for (const char* name : {"ext2", "btrfs", "xfs", "fat", "f2fs", "zfs", "erofs"}) {
        directory.modules.emplace(name, HostFile{});
    }
    directory.algorithms = {{"AES", "gcry_rijndael"},
                            {"SERPENT128", "gcry_serpent"},
                            {"SHA1", "gcry_sha1"},
                            {"SHA256", "gcry_sha256"},
                            {"SHA512", "gcry_sha512"},
                            {"RIPEMD160", "gcry_rmd160"},
                            {"WHIRLPOOL", "gcry_whirlpool"}};
    return directory;
}

Volume file_system(const std::string& name, std::vector<std::string> features = {}) {
    Volume volume;
    volume.file_system = name;
    volume.features = std::move(features);
    volume.uuid = uuid(kRootUuid);
    return volume;
}

Volume read_from(StorageLayer layer) {
    Volume volume = file_system("ext4");
    volume.layers = {PartitionTable{PartitionTable::Kind::gpt}, std::move(layer)};
    return volume;
}

Volume on_luks2(const std::function<void(LuksContainer&)>& change) {
    LuksContainer container = luks2({"pbkdf2"});
    change(container);
    return read_from(container);
}

Volume ciphered(const std::string& cipher, const std::string& hash = "sha256") {
    return on_luks2([&](LuksContainer& luks) {
        luks.cipher = cipher;
        luks.hash = hash;
    });
}

Volume logical(const std::string& type) {
    return read_from(LogicalVolume{.group_uuid = "g", .volume_uuid = "v", .type = type});
}

Volume raid(const std::string& level, const std::string& metadata) {
    return read_from(RaidArray{.uuid = "r", .level = level, .metadata = metadata});
}

Volume on_unknown_layers() {
    Volume volume;
    volume.unknown = "made of what";
    return volume;
}

struct Case {
    std::string name;
    Volume volume;
    Version version;
    std::string reason;  // a part of it; empty: it can be read
};

void PrintTo(const Case& tested, std::ostream* out) {
    *out << tested.name << " with GRUB " << tested.version.text();
}

std::vector<Case> cases() {
    return {
        {"ext4", file_system("ext4", {"extent", "64bit", "flex_bg", "metadata_csum"}), k2_06, ""},
        {"ext2", file_system("ext2"), k2_06, ""},
        {"ext4 with inline data", file_system("ext4", {"inline_data"}), kDebian12, "inline_data"},
        {"ext4 with inline data", file_system("ext4", {"inline_data"}), k2_14, "inline_data"},
        {"ext3 with inline data", file_system("ext3", {"inline_data"}), kDebian12, "inline_data"},
        {"ext4 with casefold", file_system("ext4", {"casefold"}), k2_12, "casefold"},
        {"ext4 with EA inodes", file_system("ext4", {"ea_inode"}), k2_12, "ea_inode"},
        {"ext4 with a new flag", file_system("ext4", {"FEATURE_I20"}), k2_14, "FEATURE_I20"},
        {"ext4 with a new compatible flag", file_system("ext4", {"FEATURE_C20"}), k2_06, ""},
        {"ext4 with a seed", file_system("ext4", {"metadata_csum_seed"}), k2_06, "csum_seed"},
        {"ext4 with a seed", file_system("ext4", {"metadata_csum_seed"}), kDebian11, "csum_seed"},
        {"ext4 with a seed", file_system("ext4", {"metadata_csum_seed"}), kDebian12, ""},
        {"ext4 with large directories", file_system("ext4", {"large_dir"}), k2_06, "large_dir"},
        {"ext4 with large directories", file_system("ext4", {"large_dir"}), k2_12, ""},
        {"xfs",
         file_system("xfs", {"crc", "finobt", "reflink", "bigtime", "inobtcount"}),
         k2_06,
         ""},
        {"xfs with bigtime", file_system("xfs", {"bigtime"}), k2_04, "bigtime"},
        {"xfs with nrext64", file_system("xfs", {"nrext64"}), k2_06, "nrext64"},
        {"xfs with nrext64", file_system("xfs", {"nrext64"}), kDebian12, ""},
        {"xfs with nrext64", file_system("xfs", {"nrext64"}), k2_12, ""},
        {"xfs with parent pointers", file_system("xfs", {"parent"}), k2_12, "parent"},
        {"xfs with parent pointers", file_system("xfs", {"parent"}), k2_14, ""},
        {"btrfs", file_system("btrfs", {"no-holes", "free-space-tree", "raid1c34"}), k2_06, ""},
        {"zoned btrfs", file_system("btrfs", {"zoned"}), k2_14, "zoned"},
        {"btrfs with a stripe tree", file_system("btrfs", {"raid-stripe-tree"}), k2_12, "stripe"},
        {"f2fs", file_system("f2fs"), k2_06, ""},
        {"f2fs with larger inodes", file_system("f2fs", {"extra_attr"}), k2_06, "extra_attr"},
        {"vfat", file_system("vfat"), k2_06, ""},
        {"zfs", file_system("zfs_member"), k2_06, ""},
        {"bcachefs", file_system("bcachefs"), k2_14, "type bcachefs"},
        {"nothing", file_system(""), k2_06, "type unknown"},
        {"something on unknown layers", on_unknown_layers(), k2_14, "described (made of what)"},
        {"jfs without its module", file_system("jfs"), k2_06, "type jfs"},
        {"erofs", file_system("erofs"), k2_12, "type erofs"},
        {"erofs", file_system("erofs"), k2_14, ""},

        {"LUKS1", read_from(luks1()), k2_04, ""},
        {"LUKS2 with PBKDF2", read_from(luks2({"pbkdf2"})), k2_06, ""},
        {"LUKS2 with PBKDF2", read_from(luks2({"pbkdf2"})), k2_04, "from 2.06 on"},
        {"LUKS2 with Argon2", read_from(luks2({"argon2id"})), kDebian12, "all argon2id"},
        {"LUKS2 with Argon2", read_from(luks2({"argon2id"})), k2_12, "all argon2id"},
        {"LUKS2 with Argon2", read_from(luks2({"argon2id"})), k2_14, ""},
        {"LUKS2 with two Argon2",
         read_from(luks2({"argon2id", "argon2i"})),
         k2_06,
         "all argon2i or argon2id"},
        {"LUKS2 with both", read_from(luks2({"argon2id", "pbkdf2"})), k2_06, ""},
        {"LUKS2 with unread slots", read_from(luks2({})), k2_06, ""},
        {"LUKS2 with large sectors",
         on_luks2([](auto& luks) { luks.sector_size = 4096; }),
         k2_06,
         ""},
        {"LUKS2 with odd sectors",
         on_luks2([](auto& luks) { luks.sector_size = 520; }),
         k2_06,
         "520 bytes"},
        {"LUKS of the future", on_luks2([](auto& luks) { luks.version = 3; }), k2_14, "LUKS3"},

        {"AES CBC ESSIV", ciphered("aes-cbc-essiv:sha256"), k2_06, ""},
        {"AES CBC plain", ciphered("aes-cbc-plain"), k2_06, ""},
        {"AES ECB", ciphered("aes-ecb"), k2_06, ""},
        {"AES LRW", ciphered("aes-lrw-benbi"), k2_06, ""},
        {"Serpent", ciphered("serpent-xts-plain64"), k2_06, ""},
        {"big-endian IV", ciphered("aes-xts-plain64be"), k2_06, "plain64be"},
        {"ESSIV without hash", ciphered("aes-cbc-essiv"), k2_06, "aes-cbc-essiv"},
        {"ESSIV with another hash", ciphered("aes-cbc-essiv:blake2b"), k2_06, "blake2b"},
        {"Adiantum", ciphered("xchacha20,aes-adiantum-plain64"), k2_06, "adiantum"},
        {"ARIA", ciphered("aria-xts-plain64"), k2_06, "aria"},
        {"kernel notation", ciphered("capi:xts(aes)-plain64"), k2_06, "capi"},
        {"no cipher", ciphered(""), k2_06, "whose cipher"},
        {"Whirlpool", ciphered("aes-xts-plain64", "whirlpool"), k2_06, ""},
        {"SHA-3", ciphered("aes-xts-plain64", "sha3-256"), k2_06, "sha3-256"},

        {"linear LVM", logical("linear"), k2_06, ""},
        {"LVM raid1", logical("raid1"), k2_06, ""},
        {"cached LVM", logical("cache"), k2_06, ""},
        {"thin LVM", logical("thin"), k2_14, "type thin"},
        {"LVM raid10", logical("raid10"), k2_06, "raid10"},
        {"LVM integrity", logical("integrity"), k2_12, "integrity"},
        {"LVM integrity", logical("integrity"), k2_14, ""},

        {"RAID 1", raid("raid1", "1.2"), k2_06, ""},
        {"RAID 6, old metadata", raid("raid6", "0.90"), k2_06, ""},
        {"RAID 10", raid("raid10", "1.0"), k2_06, ""},
        {"IMSM", raid("raid1", "imsm"), k2_14, "metadata imsm"},
        {"multipath", raid("multipath", "1.2"), k2_06, "level multipath"},
    };
}

TEST(WhyUnreadable, NamesWhatIsInTheWay) {
    for (const Case& tested : cases()) {
        const auto why = why_unreadable(tested.volume, all_modules(tested.version));
        if (tested.reason.empty()) {
            EXPECT_FALSE(why) << ::testing::PrintToString(tested) << ": " << *why;
        } else {
            ASSERT_TRUE(why) << ::testing::PrintToString(tested);
            EXPECT_NE(why->find(tested.reason), std::string::npos)
                << ::testing::PrintToString(tested) << ": " << *why;
        }
    }
}

TEST(WhyUnreadable, SaysWhatToDoAboutArgon2) {
    const auto why = why_unreadable(read_from(luks2({"argon2id"})), all_modules(kDebian12));
    EXPECT_EQ(why.value(),
              "LUKS2 container " + kLuksUuid +
                  ", whose key slots are all argon2id, which GRUB 2.06 cannot open: add a key slot "
                  "with PBKDF2 (cryptsetup luksAddKey --pbkdf pbkdf2)");
}

TEST(WhyUnreadable, TrustsAPackageThatBringsArgon2Earlier) {
    ModuleDirectory modules = all_modules(k2_12);
    modules.modules.emplace("argon2", HostFile{});
    EXPECT_FALSE(why_unreadable(read_from(luks2({"argon2id"})), modules));
}

TEST(WhyUnreadable, LooksAtEveryLayer) {
    Volume volume = read_from(raid("raid1", "1.2").layers.back());
    volume.layers.emplace_back(luks2({"argon2id"}));
    EXPECT_TRUE(why_unreadable(volume, all_modules(k2_06)));
}

TEST(ReadingHint, TellsOfSlotsThatStayClosed) {
    EXPECT_TRUE(reading_hint(read_from(luks2({"argon2id", "pbkdf2"})), all_modules(k2_06)));
    EXPECT_FALSE(reading_hint(read_from(luks2({"pbkdf2"})), all_modules(k2_06)));
    EXPECT_FALSE(reading_hint(read_from(luks2({"argon2id", "pbkdf2"})), all_modules(k2_14)));
    EXPECT_FALSE(reading_hint(read_from(luks1()), all_modules(k2_06)));
}

}  // namespace
}  // namespace cordwainer::grub::testing

// The makers with this machine's GRUB: what they make is looked into byte by byte. That it boots is
// for the VM tests to show.
#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "bootloaders/grub/assets.h"
#include "bootloaders/grub/boot_code_makers.h"
#include "bootloaders/grub/core_image.h"
#include "bootloaders/grub/image_makers.h"
#include "bootloaders/grub/installation.h"
#include "formats/grub_boot_sector.h"
#include "tests/unit/bootloaders/grub/programs.h"
#include "tests/unit/bootloaders/grub/scenario.h"

namespace cordwainer::grub::testing {
namespace {

namespace fs = std::filesystem;

// This machine's GRUB, as it is handed to planners.
Package machine_package(const PackageRequest& request) {
    Package package;
    for (const PackageRequest::Files& files : request.files) {
        if (!fs::is_directory(files.directory)) continue;
        for (const auto& entry : fs::directory_iterator(files.directory)) {
            const std::string path = entry.path().string();
            if (!path.ends_with(files.suffix) || !entry.is_regular_file()) continue;
            const std::string content = read_file(path);
            package.files[path] = {.source = {.base = HostFile::Base::machine,
                                              .path = path,
                                              .digest = sha256(content),
                                              .size = content.size()},
                                   .text = files.with_text ? content : ""};
        }
    }
    return package;
}

// Makes recipes as realising does: nested ones first, every input a file.
class Workshop {
  public:
    Result<Bytes> make(const Recipe& recipe) {
        const fs::path place = directory_.path() / std::to_string(count_++);
        fs::create_directories(place / "scratch");
        std::map<std::string, fs::path> inputs;
        for (const RecipeInput& input : recipe.inputs) {
            if (const auto* file = std::get_if<HostFile>(&input.source)) {
                inputs[input.name] = file->path;
                continue;
            }
            inputs[input.name] = place / input.name;
            const auto* nested = std::get_if<Recipe>(&input.source);
            const std::string content =
                nested ? to_text(TRY(make(*nested))) : std::get<Text>(input.source).text;
            std::ofstream(place / input.name, std::ios::binary) << content;
        }
        ShellRunner runner;
        for (const Maker& maker : bootloader().makers) {
            if (maker.name == recipe.maker) {
                return maker.make(recipe, inputs, place / "scratch", runner);
            }
        }
        return Error(Errc::not_found, recipe.maker);
    }

  private:
    TemporaryDirectory directory_;
    int count_ = 0;
};

class Makers : public ::testing::Test {
  protected:
    static Config config() {
        return read_config(table({{"files", text("/boot/grub")},
                                  {"esp", text("/efi")},
                                  {"platforms", texts({"x86_64-efi", "i386-efi"})}}));
    }

    static Recipe core(const std::string& platform, const Volume& volume) {
        static const Package package = machine_package(package_request(config()));
        BootSide files;
        files.offset = "/boot/grub";
        files.uuid = volume.uuid;
        files.volume = volume;
        const auto modules = read_module_directory(package, "/usr/lib/grub/" + platform).value();
        return core_image_recipe(
                   files, "/cordwainer/KEY", config(), *find_platform(platform), modules, package)
            .value();
    }

    static ModuleDirectory bios() {
        return read_module_directory(machine_package(package_request(config())),
                                     "/usr/lib/grub/i386-pc")
            .value();
    }

    Workshop workshop_;
};

TEST_F(Makers, CoreForBiosIsSmallAndTheSameEachTime) {
    const Recipe recipe = core("i386-pc", ext4_on_gpt());
    const Bytes first = workshop_.make(recipe).value();
    // It fits into the 31 KiB before a partition that starts at LBA 63.
    EXPECT_LT(first.size(), 62U * 512);
    EXPECT_EQ(first, workshop_.make(recipe).value());
}

TEST_F(Makers, CoreForAnEncryptedRootFitsIntoHalfAMebibyte) {
    Volume root = ext4_on_gpt();
    root.file_system = "btrfs";
    root.features = {};
    root.layers.emplace_back(luks2({"pbkdf2"}));
    root.layers.emplace_back(LogicalVolume{.group_uuid = "", .volume_uuid = "", .type = "linear"});
    EXPECT_LT(workshop_.make(core("i386-pc", root)).value().size(), 512U * 1024);
}

TEST_F(Makers, CoreForUefiIsAProgramThatHoldsItsConfiguration) {
    for (const auto& [platform, machine] :
         {std::pair{"x86_64-efi", 0x8664}, std::pair{"i386-efi", 0x014c}}) {
        if (!fs::exists(std::string("/usr/lib/grub/") + platform)) continue;
        const auto result = workshop_.make(core(platform, ext4_on_gpt()));
        ASSERT_TRUE(result) << result.error().message();
        const Bytes& made = *result;
        ASSERT_EQ(le16_at(made, 0), 0x5a4d) << platform;  // "MZ"
        const std::size_t header = le32_at(made, 0x3c).value();
        EXPECT_EQ(le16_at(made, header + 4), machine) << platform;
        EXPECT_NE(to_text(made).find("search.fs_uuid " + kRootUuid + " root"), std::string::npos);
        EXPECT_NE(to_text(made).find("set prefix=($root)/boot/grub/cordwainer/KEY"),
                  std::string::npos);
    }
}

TEST_F(Makers, CoreIsMadeOfDeclaredInputsOnly) {
    Recipe recipe = core("i386-pc", ext4_on_gpt());
    std::erase_if(recipe.inputs,
                  [](const RecipeInput& input) { return input.name == "fshelp.mod"; });
    const auto made = workshop_.make(recipe);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::tool_failed);
}

TEST_F(Makers, PlacedCoreNamesItsSectors) {
    const Recipe recipe = core("i386-pc", ext4_on_gpt());
    const Bytes plain = workshop_.make(recipe).value();
    const SectorRange slot{.first_lba = 0x123456789, .count = 1024};
    const Bytes placed = workshop_.make(placed_core_recipe(recipe, slot)).value();
    const std::uint64_t sectors = (plain.size() + 511) / 512;
    EXPECT_EQ(placed.size(), sectors * 512);
    EXPECT_EQ(le64_at(placed, 0x1f4), slot.first_lba + 1);
    EXPECT_EQ(le16_at(placed, 0x1fc), sectors - 1);
    EXPECT_EQ(le16_at(placed, 0x1fe), 0x0820);
    // Nothing else is changed.
    Bytes expected = plain;
    expected.resize(placed.size());
    std::copy_n(placed.begin() + 0x1f4, 10, expected.begin() + 0x1f4);
    EXPECT_EQ(placed, expected);
}

TEST_F(Makers, PlacedCoreMustFit) {
    const Recipe recipe = core("i386-pc", ext4_on_gpt());
    const std::uint64_t sectors = (workshop_.make(recipe).value().size() + 511) / 512;
    EXPECT_TRUE(workshop_.make(placed_core_recipe(recipe, {.first_lba = 1, .count = sectors})));
    const auto made =
        workshop_.make(placed_core_recipe(recipe, {.first_lba = 1, .count = sectors - 1}));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::no_space);
    EXPECT_NE(made.error().message().find(std::to_string((sectors - 1) * 512)), std::string::npos)
        << made.error().message();
}

TEST_F(Makers, PlacedCoreMustBeACore) {
    Recipe recipe{.maker = "grub-core-at",
                  .version = "1",
                  .parameters = {{"first-lba", "1"}, {"sectors", "10"}},
                  .inputs = {}};
    recipe.inputs.push_back({.name = "core.img", .source = Text{std::string(2000, 'x')}});
    EXPECT_EQ(workshop_.make(recipe).error().code, Errc::corrupt);
}

TEST_F(Makers, BootSectorSkipsTheDriveCheck) {
    const Bytes made = workshop_.make(boot_sector_recipe(bios(), std::nullopt).value()).value();
    const std::string shipped = read_file("/usr/lib/grub/i386-pc/boot.img");
    ASSERT_EQ(made.size(), 512U);
    std::string expected = shipped;
    expected[0x66] = expected[0x67] = '\x90';
    EXPECT_EQ(to_text(made), expected);
}

TEST_F(Makers, BootSectorIsMarkedWithItsCore) {
    const Digest core = recipe_key(this->core("i386-pc", ext4_on_gpt()));
    const Bytes made = workshop_.make(boot_sector_recipe(bios(), core).value()).value();
    const auto mark = core_mark(made);
    ASSERT_TRUE(mark);
    EXPECT_EQ(mark->core, core);
}

TEST_F(Makers, BootSectorMustBeGrubs) {
    Recipe recipe = boot_sector_recipe(bios(), std::nullopt).value();
    recipe.inputs.front().source = Text{std::string(512, '\0')};
    EXPECT_EQ(workshop_.make(recipe).error().code, Errc::corrupt);
}

TEST_F(Makers, ProgramThatIsNotExecutableIsCopied) {
    Recipe recipe = core("i386-pc", ext4_on_gpt());
    const TemporaryDirectory directory;
    const fs::path program = directory.write("mkimage", read_file("/usr/bin/grub-mkimage"));
    for (RecipeInput& input : recipe.inputs) {
        if (input.name == "grub-mkimage") std::get<HostFile>(input.source).path = program;
    }
    EXPECT_TRUE(workshop_.make(recipe));
}

TEST_F(Makers, KeymapIsWhatGrubLoads) {
    if (!fs::exists("/usr/bin/ckbcomp")) GTEST_SKIP() << "ckbcomp (console-setup) is not installed";
    const auto keymap = [&](const std::string& layout) {
        Config with_layout = config();
        with_layout.keyboard_layout = KeyboardLayout{
            .layout = layout, .variant = "", .model = "", .options = "ctrl:nocaps", .location = {}};
        const Package package = machine_package(package_request(with_layout));
        return workshop_.make(
            std::get<Recipe>(plan_assets(with_layout, package).value().keymap->source));
    };
    const Bytes german = keymap("de").value();
    // include/grub/keyboard_layouts.h: magic, version 10, then four tables of 160 code points.
    EXPECT_EQ(to_text(german).substr(0, 10), "GRUBLAYO\x0a" + std::string(1, '\0'))
        << to_text(german).substr(0, 10);
    // USB usage 0x1c, "y" on an American keyboard, is "z" on a German one.
    EXPECT_EQ(le32_at(german, 12 + 4 * 0x1c), 'z');
    EXPECT_EQ(le32_at(keymap("us").value(), 12 + 4 * 0x1c), 'y');
    EXPECT_FALSE(keymap("no-such-layout"));
}

}  // namespace
}  // namespace cordwainer::grub::testing

#include "cli/plan_text.h"

#include <gtest/gtest.h>

namespace cordwainer::cli {
namespace {

RelPath path(const std::string& text) {
    return *RelPath::parse(text);
}

PlannedTarget file_target(const std::string& id, const std::string& place) {
    PlannedTarget target;
    target.id = {id};
    target.spec.tag = id;
    target.spec.path = place;
    target.uuid = Uuid::parse("3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3");
    return target;
}

PlannedTarget image_target() {
    PlannedTarget target;
    target.id = {"disk"};
    target.spec.type = TargetType::block;
    target.spec.block.kind = BlockId::Kind::this_image;
    return target;
}

Source file(const std::string& name, std::uint64_t size) {
    return HostFile{HostFile::Base::machine, "/usr/lib/grub/" + name, {}, size};
}

const std::string kKey(64, 'a');

TEST(PlanText, GroupsStepsThatAreAlike) {
    Plan plan;
    plan.bootloader = "grub";
    plan.generation = 3;
    plan.targets = {file_target("files", "/boot/grub")};
    for (int i = 0; i < 5; ++i) {
        const std::string name = "m" + std::to_string(i) + ".mod";
        plan.steps.emplace_back(StageFile{
            {"files"}, path("cordwainer/" + kKey + "/i386-pc/" + name), file(name, 1024)});
    }
    plan.steps.emplace_back(
        StageFile{{"files"}, path("cordwainer/" + kKey + "/i386-pc/x.lst"), file("x.lst", 10)});
    plan.steps.emplace_back(ReplaceFile{{"files"}, path("grub.cfg"), Text{"configfile\n"}});
    EXPECT_EQ(render_plan_text(plan),
              "Bootloader: grub\n"
              "Current generation: 3\n"
              "\n"
              "Targets:\n"
              "  files: /boot/grub on file system 3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3\n"
              "\n"
              "Steps:\n"
              "  files: stage 5 files cordwainer/aaaaaaaa…/i386-pc/*.mod (5.0 KiB)\n"
              "  files: stage cordwainer/aaaaaaaa…/i386-pc/x.lst (10 B, from /usr/lib/grub/x.lst)\n"
              "  files: replace grub.cfg (11 B)\n");
}

TEST(PlanText, ShowsBootCodeRecipesAndFirmwareEntries) {
    Plan plan;
    plan.bootloader = "grub";
    plan.targets = {file_target("esp", "/boot/efi"), image_target()};
    const Recipe core{.maker = "grub-core-image", .version = "1", .parameters = {}, .inputs = {}};
    plan.steps.emplace_back(ReplaceFile{{"esp"}, path("EFI/BOOT/BOOTX64.EFI"), core});
    plan.steps.emplace_back(FirmwareEntry{{"esp"}, path("EFI/cordwainer/grubx64.efi"), "a\nb"});
    SwitchBootCode boot{.target = {"disk"},
                        .boot_code = core,
                        .keep = {},
                        .pointer_offset = 92,
                        .slots = {{{2048, 1024}, core}, {{3072, 1024}, core}}};
    plan.steps.emplace_back(boot);
    EXPECT_EQ(render_plan_text(plan),
              "Bootloader: grub\n"
              "\n"
              "Targets:\n"
              "  esp: /boot/efi on file system 3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3\n"
              "  disk: the image's disk\n"
              "\n"
              "Steps:\n"
              "  esp: replace EFI/BOOT/BOOTX64.EFI (made by grub-core-image)\n"
              "  esp: firmware entry \"a\\nb\" for EFI/cordwainer/grubx64.efi\n"
              "  disk: write boot code into LBA 2048 to 3071 or LBA 3072 to 4095, then the boot "
              "sector\n");
}

TEST(PlanText, NamesEachReferenceOnce) {
    Plan plan;
    plan.bootloader = "grub";
    plan.targets = {file_target("files", "/boot/grub")};
    for (int i = 0; i < 2; ++i) plan.references.push_back({"/gnu/store/k/bzImage", {}, 2048, {}});
    plan.references.push_back({"/gnu/store/i/initrd", {}, 1024, {}});
    const std::string text = render_plan_text(plan);
    EXPECT_NE(text.find("\nRead in place (2 files, 3.0 KiB):\n"
                        "  /gnu/store/i/initrd (1.0 KiB)\n"
                        "  /gnu/store/k/bzImage (2.0 KiB)\n"),
              std::string::npos)
        << text;
    for (int i = 0; i < 30; ++i) {
        plan.references.push_back({"/z" + std::to_string(i), {}, 0, {}});
    }
    EXPECT_NE(render_plan_text(plan).find("  and 12 more\n"), std::string::npos);
}

TEST(PlanText, SaysWhenNothingIsInstalled) {
    Plan plan;
    plan.bootloader = "none";
    EXPECT_EQ(render_plan_text(plan), "Bootloader: none\nNothing is installed.\n");
}

}  // namespace
}  // namespace cordwainer::cli

// Plans for each combination of partitions and options: request in, plan out.
//
// The expected plans lie in tests/golden/systemd-boot/, each with its menu as a file of its own, so
// that a person can read it. CORDWAINER_ACCEPT=1 rewrites them.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <vector>

#include "model/plan_json.h"
#include "tests/unit/bootloaders/systemd_boot/scenario.h"

namespace cordwainer::systemd_boot::testing {
namespace {

struct Golden {
    std::string name;
    std::function<Scenario()> make;
};

Scenario one_esp() {
    return {};
}

Scenario older_default() {
    Scenario scenario;
    scenario.generations.push_back(generation(10));
    scenario.make_current(2);
    return scenario;
}

Scenario two_esps() {
    return Scenario({"/efi", "/efi2"});
}

Scenario boot_partition() {
    return Scenario({"/efi"}, {"/boot"});
}

Scenario mirrored_boot_partitions() {
    return Scenario({"/efi", "/efi2"}, {"/boot", "/boot2"});
}

Scenario firmware_entry() {
    Scenario scenario;
    scenario.set("removable", flag(false));
    scenario.set("firmware-title", text("My System"));
    return scenario;
}

Scenario arm64() {
    Scenario scenario;
    scenario.set("platforms", texts({"arm64-efi"}));
    scenario.generations.back().parameters.device_tree = boot_file("/gnu/store/2-linux/board.dtb");
    return scenario;
}

Scenario both_platforms() {
    Scenario scenario;
    scenario.set("platforms", texts({"x86_64-efi", "arm64-efi"}));
    return scenario;
}

Scenario every_option() {
    Scenario scenario({"/efi"});
    scenario.set("package", text("/opt/loader"));
    scenario.add_program("/opt/loader/systemd-bootx64.efi");
    scenario.set("default-generation", number(1));
    scenario.set("max-generations", number(2));
    scenario.set("timeout", number(-1));
    scenario.set("console-mode", text("max"));
    scenario.set("editor", flag(true));
    scenario.set("microcode", texts({"/boot/ucode.cpio"}));
    scenario.set("extra-initrds", texts({"/etc/keys/extra image.cpio"}));
    scenario.add_system_file("/boot/ucode.cpio");
    scenario.add_system_file("/etc/keys/extra image.cpio");
    scenario.generations = {generation(1), generation(2), generation(3), generation(4)};
    scenario.make_current(4);
    return scenario;
}

Scenario nasty_texts() {
    Scenario scenario;
    BootParameters& first = scenario.generations.front().parameters;
    BootParameters& second = scenario.generations.back().parameters;
    first.label = "# not a comment\tor a\nlinux /line\r\x07 \xff \xc3\xa9";
    first.command_line = "a=\"b  c\" d='e f' \\ %n $x \xc3\xa9 ; #";
    second.label = "\"quoted\"";
    second.command_line = " \"the first=word\" and \"the last\" ";
    second.kernel = boot_file("/gnu/store/it's $a {linux};/bz Image \xc3\xa9.");
    return scenario;
}

Scenario multiboot_left_out() {
    Scenario scenario;
    scenario.generations.front().parameters.multiboot_modules = {
        {.file = boot_file("/gnu/store/1-hurd/ext2fs"), .arguments = {"ext2fs"}}};
    return scenario;
}

const std::vector<Golden>& goldens() {
    static const std::vector<Golden> all{
        {"one-esp", one_esp},
        {"older-default", older_default},
        {"two-esps", two_esps},
        {"boot-partition", boot_partition},
        {"mirrored-boot-partitions", mirrored_boot_partitions},
        {"firmware-entry", firmware_entry},
        {"arm64", arm64},
        {"both-platforms", both_platforms},
        {"every-option", every_option},
        {"nasty-texts", nasty_texts},
        {"multiboot-left-out", multiboot_left_out},
    };
    return all;
}

class SystemdBootGolden : public ::testing::TestWithParam<std::size_t> {
  protected:
    static const Golden& golden() { return goldens()[GetParam()]; }
};

std::string read_all(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void expect_golden(const std::string& file_name, const std::string& actual) {
    const std::filesystem::path path =
        std::filesystem::path(CORDWAINER_SOURCE_DIR) / "tests/golden/systemd-boot" / file_name;
    if (std::getenv("CORDWAINER_ACCEPT")) {
        std::ofstream(path, std::ios::binary) << actual;
        return;
    }
    EXPECT_EQ(read_all(path), actual)
        << "if the change is meant, run the test with CORDWAINER_ACCEPT=1 and look at the diff";
}

TEST_P(SystemdBootGolden, IsAsRecorded) {
    const auto plan = golden().make().plan();
    ASSERT_TRUE(plan) << plan.error().message();
    expect_golden(golden().name + ".plan.json", render_plan(*plan));
    std::string menu;
    for (const PlannedTarget& target : plan->targets) {
        menu += "=====> " + target.id.text + "\n" + menu_of(*plan, target.id.text);
    }
    expect_golden(golden().name + ".menu", menu);
}

TEST_P(SystemdBootGolden, IsTheSameEachTime) {
    const auto first = golden().make().plan();
    const auto second = golden().make().plan();
    ASSERT_TRUE(first) << first.error().message();
    ASSERT_TRUE(second);
    EXPECT_EQ(render_plan(*first), render_plan(*second));
}

INSTANTIATE_TEST_SUITE_P(All,
                         SystemdBootGolden,
                         ::testing::Range(std::size_t{0}, goldens().size()),
                         [](const auto& golden) {
                             std::string name = goldens()[golden.param].name;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace cordwainer::systemd_boot::testing

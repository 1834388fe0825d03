#include "cli/status_text.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cordwainer::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Owner = FirmwareEntryStatus::Owner;
using State = TargetStatus::State;

TargetStatus files_target(State state) {
    TargetStatus target;
    target.target.id = {"files"};
    target.target.spec = {.tag = "files",
                          .type = TargetType::file,
                          .path = "/boot/grub",
                          .block = {},
                          .location = {}};
    target.state = state;
    target.files.files = 552;
    target.files.bytes = std::uint64_t{4} << 20U;
    target.free_bytes = std::uint64_t{1} << 30U;
    return target;
}

MachineStatus sound() {
    MachineStatus status;
    status.bootloader = "grub";
    status.next = {.generation = 3, .why = {"it is the system's current generation"}};
    status.running =
        RunningStatus{.running = {.numbers = {2}, .why = {}}, .bootable = true, .problem = {}};
    status.targets = {files_target(State::as_installed)};
    return status;
}

TEST(StatusText, OfASoundMachine) {
    EXPECT_EQ(status_text(sound()),
              "Boots next: generation 3, through grub\n"
              "  it is the system's current generation\n"
              "Runs now: generation 2, which could be booted again\n"
              "Targets:\n"
              "  files (/boot/grub): as installed, 552 files, 4.0 MiB, 1.0 GiB free\n"
              "Everything is as it was installed.\n");
}

TEST(StatusText, SaysHowAFormerDiskIsGivenUp) {
    MachineStatus status = sound();
    status.targets.push_back(files_target(State::leftover));
    EXPECT_THAT(status_text(status), HasSubstr("`cordwainer install` puts it right.\n"));
    status.targets.push_back(files_target(State::kept));
    status.targets.back().target.spec = {
        .tag = "disk",
        .type = TargetType::block,
        .path = {},
        .block = {.kind = BlockId::Kind::device_path, .value = "/dev/vda"},
        .location = {}};
    EXPECT_THAT(status_text(status), HasSubstr("`cordwainer install --forget /dev/vda` clears"));
}

TEST(StatusText, NamesAFewDamagedFilesAndWhatToDo) {
    MachineStatus status = sound();
    status.targets[0].state = State::damaged;
    for (const char* name : {"grub.cfg", "b", "c", "d", "e", "f"}) {
        status.targets[0].files.damage.push_back(
            {.path = *RelPath::parse(name), .kind = Damage::Kind::changed, .detail = {}});
    }
    const std::string text = status_text(status);
    EXPECT_THAT(text,
                AllOf(HasSubstr("grub.cfg: changed by somebody else; the GRUB that cordwainer"),
                      HasSubstr("    b: changed\n"),
                      HasSubstr("and 2 more"),
                      HasSubstr("`cordwainer verify --repair`")));
    EXPECT_LE(std::ranges::count(text, '\n'), 24);
}

TEST(StatusText, SaysThatATargetIsAway) {
    MachineStatus status = sound();
    status.targets.push_back(files_target(State::unreached));
    status.targets[1].why = "/boot/efi2 is not mounted";
    status.targets[1].files = {};
    EXPECT_THAT(status_text(status),
                AllOf(HasSubstr("is not there: /boot/efi2 is not mounted\n"),
                      HasSubstr("`cordwainer install` puts it right")));
}

FirmwareStatus firmware(const std::vector<std::uint16_t>& order) {
    return {.entries = {{.number = 1,
                         .title = "Windows\x1b[2J",
                         .active = true,
                         .path = "EFI/Microsoft/bootmgfw.efi",
                         .owner = Owner::other},
                        {.number = 0x1f,
                         .title = "grub",
                         .active = true,
                         .path = "EFI/cordwainer/grubx64.efi",
                         .owner = Owner::ours},
                        {.number = 0x20,
                         .title = "Network",
                         .active = true,
                         .path = std::nullopt,
                         .owner = Owner::unknown}},
            .order = order,
            .current = 0x1f,
            .next = std::nullopt};
}

TEST(StatusText, SaysWhichEntryTheFirmwareStarts) {
    MachineStatus status = sound();
    status.firmware = firmware({0x1f, 1, 9});
    EXPECT_THAT(
        status_text(status),
        AllOf(HasSubstr("Firmware: Boot001F \"grub\" is first, and starts what is installed "
                        "here\n  started by Boot001F \"grub\"\n"
                        "  order: Boot001F \"grub\", Boot0001 \"Windows"),
              HasSubstr(", Boot0009\n"),
              HasSubstr("Everything is as it was installed."),
              Not(HasSubstr("\x1b"))));
}

TEST(StatusText, SaysThatTheFirmwareStartsAnother) {
    MachineStatus status = sound();
    status.firmware = firmware({1, 0x1f});
    status.firmware->next = 0x20;
    const std::string text = status_text(status);
    EXPECT_THAT(text,
                AllOf(HasSubstr("\" is first, and is not cordwainer's; Boot001F \"grub\" is: "),
                      HasSubstr("  once, at the next start: Boot0020 \"Network\" (BootNext)\n")));
    // It is the machine's owner's choice.
    EXPECT_EQ(health_of(status), Health::sound);
    status.firmware = firmware({1});
    EXPECT_THAT(status_text(status), HasSubstr("\" is first, and is not cordwainer's\n"));
    status.firmware = firmware({0x20, 0x1f});
    EXPECT_THAT(status_text(status), HasSubstr("Firmware: Boot0020 \"Network\" is first\n"));
    status.firmware = firmware({});
    EXPECT_THAT(status_text(status), HasSubstr("Firmware: no entry of its list is active\n"));
}

// It may be another system, or nothing that the firmware can start either.
TEST(StatusText, SaysThatTheFirstEntryCannotBeRead) {
    MachineStatus status = sound();
    status.firmware = firmware({0x21, 0x1f});
    status.firmware->entries.push_back({.number = 0x21, .title = {}, .readable = false});
    status.firmware->next = 0x21;
    EXPECT_THAT(status_text(status),
                AllOf(HasSubstr("Firmware: Boot0021 (unreadable) is first, and what it starts, if "
                                "anything, is not known; Boot001F \"grub\" is cordwainer's: "),
                      HasSubstr("  once, at the next start: Boot0021 (unreadable) (BootNext)\n"),
                      HasSubstr("  order: Boot0021 (unreadable), Boot001F \"grub\"\n")));
    const auto json = status_json(status)["firmware"];
    EXPECT_EQ(json["first"], 0x21);
    EXPECT_EQ(json["entries"][3]["readable"], false);
    EXPECT_EQ(json["entries"][0]["readable"], true);
}

// What the firmware starts is another system, though every file is as it was installed.
TEST(StatusText, AMissingEntryNeedsRepairAlsoWhereACopyStandsIn) {
    MachineStatus status = sound();
    status.firmware = firmware({1});
    status.firmware->missing = {
        {.target = {"esp"}, .path = *RelPath::parse("EFI/cordwainer/grubx64.efi")}};
    EXPECT_EQ(health_of(status), Health::needs_repair);
    EXPECT_THAT(status_text(status),
                HasSubstr("  its order has none for EFI/cordwainer/grubx64.efi on target esp\n"));
    status.firmware->missing[0].copy = *RelPath::parse("EFI/BOOT/BOOTX64.EFI");
    EXPECT_EQ(health_of(status), Health::needs_repair);
    EXPECT_THAT(
        status_text(status),
        AllOf(HasSubstr("\" is first, and is not cordwainer's\n"
                        "  its order has none for EFI/cordwainer/grubx64.efi on target esp: "
                        "only its copy EFI/BOOT/BOOTX64.EFI starts it, where firmware looks "
                        "after all that are in the order\n"),
              HasSubstr("\n`cordwainer install` makes the firmware's entry, or says why"),
              Not(HasSubstr("Everything is as"))));
    const auto json = status_json(status);
    EXPECT_EQ(json["health"], "needs_repair");
    EXPECT_EQ(json["firmware"]["missing"][0]["copy"], "EFI/BOOT/BOOTX64.EFI");
    status.targets[0].state = State::damaged;
    EXPECT_THAT(status_text(status), HasSubstr("\n`cordwainer verify --repair` writes"));
}

// The rest of the list is worth as much as before.
TEST(StatusText, SaysWhichOfTheFirmwaresVariablesAreDamaged) {
    MachineStatus status = sound();
    status.firmware = firmware({0x1f, 1});
    status.firmware->damaged = {"BootNext"};
    EXPECT_THAT(status_text(status),
                AllOf(HasSubstr("Firmware: Boot001F \"grub\" is first, and starts what is"),
                      HasSubstr("  what it starts once, at the next start, is not known, since "
                                "BootNext is damaged; `efibootmgr -N` removes it\n"),
                      HasSubstr("  order: Boot001F \"grub\", Boot0001 ")));
    EXPECT_EQ(health_of(status), Health::sound);
    EXPECT_EQ(status_json(status)["firmware"]["damaged"], nlohmann::json::array({"BootNext"}));
    status.firmware = firmware({});
    status.firmware->damaged = {"BootOrder"};
    EXPECT_THAT(status_text(status),
                HasSubstr("Firmware: what it starts is not known, since the order of its list is "
                          "damaged (BootOrder)"));
}

TEST(StatusText, RootSeesMoreOnlyWhereRightsAreMissing) {
    MachineStatus status = sound();
    status.unseen = {"the configuration: it is no TOML."};
    EXPECT_THAT(status_text(status), HasSubstr("\nWhat could be seen is as it was installed.\n"));
    status.forbidden = true;
    EXPECT_THAT(status_text(status), HasSubstr("as it was installed; root sees the rest.\n"));
}

TEST(StatusText, OfALongOrderAFewAreNamed) {
    MachineStatus status = sound();
    status.firmware = firmware({1, 2, 3, 4, 5, 6, 7, 8});
    EXPECT_THAT(status_text(status), HasSubstr(", Boot0006, 2 more\n"));
}

TEST(StatusText, JsonHasTheFirmwaresList) {
    MachineStatus status = sound();
    EXPECT_EQ(status_json(status)["firmware"], nullptr);
    status.firmware = firmware({0x1f, 1});
    const auto json = status_json(status)["firmware"];
    EXPECT_EQ(json["first"], 0x1f);
    EXPECT_EQ(json["current"], 0x1f);
    EXPECT_EQ(json["next"], nullptr);
    EXPECT_EQ(json["order"], nlohmann::json::array({0x1f, 1}));
    EXPECT_EQ(json["entries"][1]["owner"], "ours");
    EXPECT_EQ(json["entries"][1]["path"], "EFI/cordwainer/grubx64.efi");
    EXPECT_EQ(json["entries"][2]["path"], nullptr);
}

TEST(StatusText, JsonHasAllOfIt) {
    const auto json = status_json(sound());
    EXPECT_EQ(json["format"], "cordwainer-status/1");
    EXPECT_EQ(json["health"], "sound");
    EXPECT_EQ(json["next"]["generation"], 3);
    EXPECT_EQ(json["running"]["bootable"], true);
    EXPECT_EQ(json["targets"][0]["state"], "as_installed");
    EXPECT_EQ(json["targets"][0]["free_bytes"], 1U << 30U);
}

TEST(StatusHealth, IsTheWorstThatIsKnown) {
    MachineStatus status = sound();
    EXPECT_EQ(health_of(status), Health::sound);
    status.next.behind = true;
    EXPECT_EQ(health_of(status), Health::sound);
    status.targets[0].state = State::kept;
    EXPECT_EQ(health_of(status), Health::sound);
    status.unseen = {"the devices"};
    EXPECT_EQ(health_of(status), Health::unknown);
    for (const State state :
         {State::damaged, State::unfinished, State::outdated, State::leftover, State::unreached}) {
        status.targets[0].state = state;
        EXPECT_EQ(health_of(status), Health::needs_repair);
    }
    status.targets[0].state = State::unseen;
    EXPECT_EQ(health_of(status), Health::unknown);
    status.problems = {"The pins are damaged."};
    EXPECT_EQ(health_of(status), Health::needs_repair);
    status.at_work = "cordwainer, process 812";
    EXPECT_EQ(health_of(status), Health::unknown);
}

TEST(StatusText, SaysWhoseALostKernelIs) {
    MachineStatus status = sound();
    status.lost_contents = {"The menu reads /x, which is missing."};
    EXPECT_EQ(health_of(status), Health::needs_repair);
    EXPECT_THAT(status_text(status),
                AllOf(HasSubstr("The menu reads /x, which is missing.\nOnce that is restored"),
                      Not(HasSubstr("puts it right"))));
    EXPECT_EQ(status_json(status)["problems"].size(), 1U);
}

TEST(StatusText, OfAMachineOnWhichARunIsAtWork) {
    MachineStatus status = sound();
    status.targets = {files_target(State::unfinished)};
    status.at_work = "cordwainer, process 812";
    EXPECT_THAT(status_text(status),
                HasSubstr("At work just now: cordwainer, process 812; what is told here"));
}

}  // namespace
}  // namespace cordwainer::cli

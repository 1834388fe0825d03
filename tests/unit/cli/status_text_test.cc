#include "cli/status_text.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cordwainer::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
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
    status.problems = {"The menu reads /x, which is missing."};
    EXPECT_EQ(health_of(status), Health::needs_repair);
}

}  // namespace
}  // namespace cordwainer::cli

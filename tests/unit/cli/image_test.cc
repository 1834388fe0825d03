#include "cli/image.h"

#include <algorithm>
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

#include "apply/record.h"
#include "sys/spawn.h"
#include "tests/support/image_system.h"
#include "tests/support/run_command.h"
#include "tests/support/run_program.h"

namespace cordwainer::cli {
namespace {

using testing::HasSubstr;

class Image : public testing::Test {
  protected:
    Image() {
        system_.add_generation(1);
        system_.add_generation(2);
        system_.tree().directory("/temporary");
    }

    test::Ran image(const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {system_.layout(), "-o", system_.at("/disk.img")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return test::run_command(image_command(), arguments, common_);
    }

    [[nodiscard]] std::set<std::string> names() const {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(system_.tree().path())) {
            found.insert(entry.path().filename());
        }
        return found;
    }

    // A file of the root file system of the image.
    [[nodiscard]] std::string inside(const std::string& path) const {
        return debugfs("cat " + path);
    }

    [[nodiscard]] std::string debugfs(const std::string& request) const {
        const auto table = spawn({.arguments = {"sfdisk", "--dump", system_.at("/disk.img")}});
        EXPECT_TRUE(table);
        const std::size_t at = table->output.find("disk.img3 : start=");
        EXPECT_NE(at, std::string::npos) << table->output;
        const auto lba = std::stoull(table->output.substr(at + 18));
        const std::string where = system_.at("/disk.img") + "?offset=" + std::to_string(lba * 512);
        const auto content = spawn({.arguments = {"debugfs", "-R", request, where}});
        EXPECT_TRUE(content);
        return content ? content->output : "";
    }

    test::ImageSystem system_;
    Common common_;
};

TEST_F(Image, MakesWhatBoots) {
    const auto ran = image();
    ASSERT_EQ(ran.status, kDone) << ran.error;
    EXPECT_THAT(ran.output, HasSubstr("disk.img: raw image of a disk of "));
    EXPECT_THAT(ran.output, HasSubstr("bootloader grub, generations: 2\n"));
    EXPECT_THAT(inside("/boot/grub/grub.cfg"), HasSubstr("configfile"));
    EXPECT_EQ(inside("/etc/hostname"), "test\n");
    EXPECT_THAT(names(), testing::Not(testing::Contains(testing::StartsWith(".cordwainer"))));
}

TEST_F(Image, HasARecordOfItsGeneration) {
    ASSERT_EQ(image().status, kDone);
    const auto record = parse_record(inside("/var/lib/cordwainer/records/2.json"), "record");
    ASSERT_TRUE(record) << record.error().message();
    EXPECT_EQ(record->generation, 2U);
    EXPECT_EQ(record->bootloader, "grub");
    EXPECT_THAT(record->configuration, HasSubstr("files = \"/boot/grub\""));
    EXPECT_THAT(record->identity, HasSubstr("2-system"));
    ASSERT_FALSE(record->objects.empty());
    for (const RealisedStep& step : record->plan.steps) {
        const auto* stage = std::get_if<BasicStageFile<RealisedSource>>(&step);
        if (!stage) continue;
        EXPECT_TRUE(std::holds_alternative<ObjectRef>(stage->source))
            << stage->path.text()
            << " is from the machine that built, which the record must not need";
    }
    const ObjectRef& object = record->objects.front();
    EXPECT_EQ(sha256(inside("/var/lib/cordwainer/objects/" + object.digest.hex())), object.digest);
}

// What a machine knows that has made its boot files itself. Without it `plan` would announce, right
// after the first boot, what installing then does not do.
TEST_F(Image, KnowsWhatItsRecipesHaveMade) {
    common_.state = system_.at("/state");
    common_.state_given = true;
    ASSERT_EQ(image().status, kDone);
    std::size_t notes = 0;
    const std::filesystem::path recipes = system_.at("/state") + "/recipes";
    for (const auto& entry : std::filesystem::directory_iterator(recipes)) {
        const std::string key = entry.path().filename();
        const std::string note = inside("/var/lib/cordwainer/recipes/" + key);
        EXPECT_EQ(note, system_.tree().content("/state/recipes/" + key));
        const std::string digest = note.substr(0, note.find(' '));
        EXPECT_EQ(sha256(inside("/var/lib/cordwainer/objects/" + digest)).hex(), digest);
        ++notes;
    }
    // A core image for BIOS, the same for each of its two places, a boot sector, and one for UEFI.
    EXPECT_GE(notes, 5U);
}

// Another image that was made with the same state directory is no business of this one.
TEST_F(Image, KnowsNothingOfOtherImages) {
    common_.state = system_.at("/state");
    common_.state_given = true;
    ASSERT_EQ(image().status, kDone);
    const std::string both = debugfs("ls -p /var/lib/cordwainer/recipes");
    system_.configure(
        "bootloader = \"grub\"\n[grub]\nfiles = \"/boot/grub\"\ndisk = \"/dev/sda\"\n");
    ASSERT_EQ(image().status, kDone);
    const std::string one = debugfs("ls -p /var/lib/cordwainer/recipes");
    EXPECT_LT(std::ranges::count(one, '\n'), std::ranges::count(both, '\n'));
    EXPECT_GT(std::ranges::count(one, '\n'), 2);
}

TEST_F(Image, TellsAProgram) {
    common_.json = true;
    const auto ran = image({"--format", "qcow2"});
    ASSERT_EQ(ran.status, kDone) << ran.error;
    const auto json = nlohmann::json::parse(ran.output, nullptr, false);
    ASSERT_TRUE(json.is_object()) << ran.output;
    EXPECT_EQ(json["format"], "cordwainer-image/1");
    EXPECT_EQ(json["image"], system_.at("/disk.img"));
    EXPECT_EQ(json["image_format"], "qcow2");
    EXPECT_EQ(json["bootloader"], "grub");
    EXPECT_EQ(json["generation"], 2);
    EXPECT_EQ(json["generations"], 2);
    EXPECT_TRUE(json["warnings"].empty());
}

TEST_F(Image, KeepsObjectsOnlyWhereAsked) {
    common_.state = system_.at("/state");
    ASSERT_EQ(image().status, kDone);
    EXPECT_FALSE(std::filesystem::exists(common_.state));
    common_.state_given = true;
    ASSERT_EQ(image().status, kDone);
    EXPECT_TRUE(std::filesystem::exists(common_.state + "/objects"));
    EXPECT_TRUE(std::filesystem::exists(common_.state + "/recipes"));
}

TEST_F(Image, LeavesTheOldImageWhereItFails) {
    system_.tree().file("/disk.img", "old");
    system_.tree().file("/system/large", std::string(20U << 20U, 'x'));
    std::string layout = system_.tree().content("/layout.toml");
    layout.replace(layout.find("content + 8MiB"), 14, "16MiB");
    system_.tree().file("/layout.toml", layout);
    const auto before = names();
    const auto ran = image();
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, testing::StartsWith("image: "));
    EXPECT_EQ(system_.tree().content("/disk.img"), "old");
    EXPECT_EQ(names(), before);
}

TEST_F(Image, ReplacesNothingThatItIsMadeFrom) {
    const std::string layout = system_.tree().content("/layout.toml");
    const auto ran =
        test::run_command(image_command(), {system_.layout(), "-o", system_.layout()}, common_);
    EXPECT_EQ(ran.status, kFailed);
    EXPECT_THAT(ran.error, HasSubstr("would replace " + system_.layout()));
    EXPECT_EQ(system_.tree().content("/layout.toml"), layout);
}

TEST_F(Image, LeavesNothingWhereItIsStopped) {
    const auto before = names();
    // Stopped once it has begun to make something.
    const std::string temporary = system_.at("/temporary");
    const std::string script =
        "TMPDIR=" + temporary + " \"$0\" image " + system_.layout() + " -o " +
        system_.at("/disk.img") + " & for i in $(seq 1000); do [ -z \"$(ls " + temporary +
        ")\" ] || break; sleep 0.01; done; kill -TERM $!; wait $!; echo $? >&2";
    const auto done = spawn({.arguments = {"sh", "-c", script, CORDWAINER_PROGRAM}});
    ASSERT_TRUE(done) << done.error().message();
    // Where the program was faster than the signal there is an image; nothing else in any case.
    if (!done->errors.ends_with("\n0\n")) {
        EXPECT_THAT(done->errors, HasSubstr("stopped by a signal"));
        EXPECT_EQ(names(), before);
    }
    EXPECT_TRUE(std::filesystem::is_empty(system_.at("/temporary")));
}

TEST_F(Image, SaysThatItIsCompleteWhereItsOutputIsLost) {
    const test::ProgramRun ran =
        test::run_program({"image", system_.layout(), "-o", system_.at("/disk.img")}, ">/dev/full");
    EXPECT_EQ(ran.status, kPartial);
    EXPECT_THAT(ran.errors, HasSubstr("the image is complete: " + system_.at("/disk.img")));
    EXPECT_TRUE(std::filesystem::exists(system_.at("/disk.img")));
}

TEST_F(Image, WorksWithoutASystem) {
    system_.tree().file(
        "/layout.toml",
        "[[partition]]\ntype = \"linux\"\nsize = \"16MiB\"\nfile-system = \"ext4\"\n");
    const auto ran = image();
    ASSERT_EQ(ran.status, kDone) << ran.error;
    EXPECT_THAT(ran.output, HasSubstr("bootloader none"));
}

}  // namespace
}  // namespace cordwainer::cli

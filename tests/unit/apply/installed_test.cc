#include "apply/installed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordwainer {
namespace {

using testing::HasSubstr;

PlannedTarget file_target(const std::string& path, const std::string& own) {
    return {.id = {"files"},
            .spec = {.tag = "files",
                     .type = TargetType::file,
                     .path = path,
                     .block = {},
                     .location = {}},
            .uuid = Uuid::parse("3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3"),
            .own = RelPath::parse(own).value()};
}

PlannedTarget disk_target(const std::string& device) {
    return {.id = {"disk"},
            .spec = {.tag = "disk",
                     .type = TargetType::block,
                     .path = {},
                     .block = {.kind = BlockId::Kind::device_path, .value = device},
                     .location = {}},
            .uuid = std::nullopt,
            .own = std::nullopt};
}

Installed example() {
    return {.bootloader = "grub",
            .boots = GenerationId{12, "/gnu/store/x-system"},
            .generations = {{11, "/gnu/store/w-system"}, {12, "/gnu/store/x-system"}},
            .kept = GenerationId{11, "/gnu/store/w-system"},
            .switching = GenerationId{12, "/gnu/store/x-system"},
            .targets = {file_target("/boot/grub", "cordwainer"), disk_target("/dev/vda")}};
}

TEST(Installed, IsReadAsItWasWritten) {
    Installed installed = example();
    const std::string text = render_installed(installed);
    const auto read = parse_installed(text, "installed.json");
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(*read, installed);
    EXPECT_EQ(render_installed(*read), text);
    installed.switching.reset();
    EXPECT_EQ(parse_installed(render_installed(installed), "installed.json"), installed);
    const Installed nothing{.bootloader = "none", .boots = {}};
    EXPECT_EQ(parse_installed(render_installed(nothing), "installed.json"), nothing);
}

TEST(Installed, TheDefaultMayBeAnother) {
    Installed installed = example();
    EXPECT_EQ(default_of(installed), installed.boots);
    installed.other_default = OtherDefault{.generation = installed.generations.front().number};
    EXPECT_EQ(parse_installed(render_installed(installed), "installed.json"), installed);
    EXPECT_EQ(default_of(installed), installed.generations.front());
    installed.other_default->generation.reset();
    EXPECT_EQ(parse_installed(render_installed(installed), "installed.json"), installed);
    EXPECT_EQ(default_of(installed), std::nullopt);
}

TEST(Installed, TheKeptDefaultHoldsUntilThereIsAnotherGeneration) {
    const Installed installed = example();
    Generations now;
    for (const GenerationId& id : installed.generations) {
        now.list.emplace_back();
        now.list.back().number = id.number;
        now.list.back().identity = id.identity;
    }
    EXPECT_EQ(why_ended(installed.kept, installed, now), std::nullopt);
    const Generations before = now;
    // The newest was removed, and its number used again.
    now.list.pop_back();
    EXPECT_EQ(why_ended(installed.kept, installed, now), std::nullopt);
    now = before;
    now.list.back().identity = "/gnu/store/y-system";
    EXPECT_EQ(why_ended(installed.kept, installed, now), "generation 12 is new");
    now = before;
    now.list.push_back(now.list.back());
    now.list.back().number = 13;
    EXPECT_EQ(why_ended(installed.kept, installed, now), "generation 13 is new");
    // Its own number.
    now = before;
    now.list.front().identity = "/gnu/store/y-system";
    EXPECT_EQ(why_ended(installed.kept, installed, now), "generation 11 is another one by now");
    now.list.erase(now.list.begin());
    EXPECT_EQ(why_ended(installed.kept, installed, now), "generation 11 is not there any more");
    Installed none = installed;
    none.kept.reset();
    EXPECT_EQ(why_ended(none.kept, none, now), std::nullopt);
}

TEST(Installed, NamesThePlaceOfWhatIsWrong) {
    std::string text = render_installed(example());
    text.replace(text.rfind("\"number\": 11"), 12, "\"number\": -1");
    const auto read = parse_installed(text, "installed.json");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::invalid_input);
    EXPECT_THAT(read.error().message(), HasSubstr("installed.json: /kept/number"));
}

TEST(Installed, APlaceIsWhatWasNamedAndItsOwnDirectory) {
    const PlannedTarget files = file_target("/boot", "cordwainer");
    PlannedTarget renamed = files;
    renamed.id.text = "esp";
    renamed.spec.tag = "esp";
    renamed.uuid = std::nullopt;
    EXPECT_TRUE(same_place(files, renamed));
    EXPECT_FALSE(same_place(files, file_target("/boot", "EFI/cordwainer")));
    EXPECT_FALSE(same_place(files, file_target("/boot/efi", "cordwainer")));
    EXPECT_FALSE(same_place(disk_target("/dev/vda"), disk_target("/dev/vdb")));
    EXPECT_EQ(with_targets({files}, {renamed, disk_target("/dev/vda")}),
              (std::vector{files, disk_target("/dev/vda")}));
}

TEST(Installed, AGenerationIsFoundByNumberAndIdentity) {
    Generations generations;
    generations.list.resize(2);
    generations.list[0].number = 11;
    generations.list[0].identity = "/gnu/store/w-system";
    generations.list[1].number = 12;
    generations.list[1].identity = "/gnu/store/other-system";
    EXPECT_EQ(find_generation(generations, {11, "/gnu/store/w-system"}), generations.list.data());
    EXPECT_EQ(find_generation(generations, {12, "/gnu/store/x-system"}), nullptr);
}

}  // namespace
}  // namespace cordwainer

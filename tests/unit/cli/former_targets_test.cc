#include "cli/former_targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

namespace cordwainer::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Uuid kRoot = *Uuid::parse("3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3");
const Uuid kEsp = *Uuid::parse("3C1A-9D52");

PlannedTarget files(const std::string& id,
                    const std::string& path,
                    const Uuid& uuid,
                    const std::string& own = "cordwainer") {
    return {
        .id = {id},
        .spec = {.tag = id, .type = TargetType::file, .path = path, .block = {}, .location = {}},
        .uuid = uuid,
        .own = RelPath::parse(own).value()};
}

PlannedTarget disk(const std::string& device) {
    return {.id = {"disk"},
            .spec = {.tag = "disk",
                     .type = TargetType::block,
                     .path = {},
                     .block = {.kind = BlockId::Kind::device_path, .value = device},
                     .location = {}},
            .uuid = std::nullopt,
            .own = std::nullopt};
}

// Where things are now.
class FormerTargetsTest : public testing::Test {
  protected:
    FormerTargetsTest() {
        add_installer(grub_, "files", TargetType::file);
        add_installer(grub_, "esp", TargetType::file);
        add_installer(grub_, "disk", TargetType::block);
        add_installer(other_, "esp", TargetType::file);
        request_.bootloader = &grub_;
        request_.uefi = true;
    }

    static void add_installer(Bootloader& bootloader, const std::string& tag, TargetType type) {
        Installer& installer = bootloader.installers.emplace_back();
        installer.tag = tag;
        installer.type = type;
    }

    void mount(const std::string& path, const Uuid& uuid, const std::string& offset) {
        places_[path] = {.offset = offset, .label = {}, .uuid = uuid, .volume = {}};
    }

    [[nodiscard]] Result<ProbedTargets> look(const std::vector<TargetSpec>& specs) const {
        ProbedTargets made;
        for (const TargetSpec& spec : specs) {
            const TargetId id{spec.tag};
            const std::string& name = name_of(spec);
            const auto place = places_.find(name);
            const auto device = devices_.find(name);
            if (place == places_.end() && device == devices_.end()) {
                made.unreached.push_back({.id = id, .spec = spec, .why = "it is away"});
                continue;
            }
            made.found.push_back({.id = id,
                                  .tag = spec.tag,
                                  .type = spec.type,
                                  .spec = spec,
                                  .boot = place == places_.end() ? BootSide() : place->second,
                                  .observed = {}});
            if (device != devices_.end()) made.devices[id] = device->second;
        }
        return made;
    }

    [[nodiscard]] FormerTargets find() {
        const TargetLookup lookup = [this](const auto& specs, const auto&) { return look(specs); };
        for (const PlannedTarget& planned : request_.planned) find_again(lookup, planned, probed_);
        auto made = find_former(request_, lookup, probed_);
        EXPECT_TRUE(made) << made.error().message();
        return made.value_or(FormerTargets());
    }

    [[nodiscard]] std::vector<std::string> found() const {
        std::vector<std::string> ids;
        for (const Target& target : probed_.found) ids.push_back(target.id.text);
        return ids;
    }

    Bootloader grub_;
    Bootloader other_;
    FormerRequest request_{};
    std::map<std::string, BootSide> places_;
    std::map<std::string, std::string> devices_;
    ProbedTargets probed_;
};

TEST_F(FormerTargetsTest, AreThoseThatAreNotPlanned) {
    mount("/boot/grub", kRoot, "/boot/grub");
    mount("/boot/efi", kEsp, "");
    request_.planned = {files("esp", "/boot/efi", kEsp, "EFI/cordwainer")};
    request_.known = {files("files", "/boot/grub", kRoot), request_.planned.front()};
    const FormerTargets made = find();
    ASSERT_EQ(made.targets.size(), 1U);
    EXPECT_EQ(made.targets[0].id.text, "former");
    EXPECT_EQ(made.targets[0].spec.path, "/boot/grub");
    EXPECT_THAT(made.warnings, IsEmpty());
    EXPECT_THAT(found(), ElementsAre("esp", "former"));
    EXPECT_THAT(probed_.unreached, IsEmpty());
}

// Clearing it would remove what is installed.
TEST_F(FormerTargetsTest, AnotherPathOfAPlannedDirectoryIsNone) {
    mount("/boot/efi", kEsp, "");
    mount("/efi", kEsp, "");
    request_.planned = {files("esp", "/efi", kEsp, "EFI/cordwainer")};
    request_.known = {files("esp", "/boot/efi", kEsp, "EFI/cordwainer")};
    EXPECT_THAT(find().targets, IsEmpty());
    EXPECT_THAT(found(), ElementsAre("esp"));
}

TEST_F(FormerTargetsTest, APathWhoseMountWasMovedIsNone) {
    mount("/boot/efi", kRoot, "/boot/efi");
    mount("/efi", kEsp, "");
    request_.planned = {files("esp", "/efi", kEsp, "EFI/cordwainer")};
    request_.known = {files("esp", "/boot/efi", kEsp, "EFI/cordwainer")};
    const FormerTargets made = find();
    EXPECT_THAT(made.targets, IsEmpty());
    EXPECT_THAT(made.warnings, IsEmpty());
    EXPECT_THAT(probed_.unreached, IsEmpty());
}

TEST_F(FormerTargetsTest, AnotherDirectoryOfOneFileSystemIsOne) {
    mount("/boot/grub", kRoot, "/boot/grub");
    mount("/boot/new", kRoot, "/boot/new");
    request_.planned = {files("files", "/boot/new", kRoot)};
    request_.known = {files("files", "/boot/grub", kRoot)};
    EXPECT_EQ(find().targets.size(), 1U);
    EXPECT_THAT(found(), ElementsAre("files", "former"));
}

TEST_F(FormerTargetsTest, AreNotReachedOnAnotherFileSystem) {
    mount("/boot/grub", kEsp, "/boot/grub");
    request_.known = {files("files", "/boot/grub", kRoot), files("esp", "/away", kEsp)};
    const FormerTargets made = find();
    EXPECT_EQ(made.targets.size(), 2U);
    EXPECT_THAT(found(), IsEmpty());
    ASSERT_EQ(probed_.unreached.size(), 2U);
    EXPECT_THAT(probed_.unreached[0].why, HasSubstr("is not the one with UUID " + kRoot.text()));
    ASSERT_EQ(made.warnings.size(), 2U);
    EXPECT_THAT(made.warnings[1],
                HasSubstr("/away was a target of an earlier installation and is "
                          "not there: it is away"));
    EXPECT_THAT(made.warnings[1], HasSubstr("cordwainer install --forget /away"));
}

TEST_F(FormerTargetsTest, AreGivenUpByName) {
    request_.known = {files("esp", "/away", kEsp)};
    request_.forget = {"/away"};
    EXPECT_THAT(find().targets, IsEmpty());
    EXPECT_THAT(probed_.unreached, IsEmpty());
}

TEST_F(FormerTargetsTest, ANameThatIsNotOneOfTheirsIsRefused) {
    mount("/boot/efi", kEsp, "");
    request_.planned = {files("esp", "/boot/efi", kEsp)};
    request_.known = request_.planned;
    const TargetLookup lookup = [this](const auto& specs, const auto&) { return look(specs); };
    request_.forget = {"/nowhere"};
    auto made = find_former(request_, lookup, probed_);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::not_found);
    EXPECT_THAT(made.error().message(), HasSubstr("/nowhere is no target of an earlier"));
    request_.forget = {"/boot/efi"};
    made = find_former(request_, lookup, probed_);
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message(), HasSubstr("/boot/efi is a target of the configuration"));
}

TEST_F(FormerTargetsTest, ADiskThatIsDroppedKeepsWhatItsBootCodeNeeds) {
    devices_["/dev/vda"] = "/dev/vda";
    request_.known = {disk("/dev/vda")};
    const FormerTargets made = find();
    ASSERT_EQ(made.targets.size(), 1U);
    EXPECT_THAT(found(), IsEmpty());
    EXPECT_THAT(probed_.unreached, IsEmpty());
    ASSERT_EQ(made.warnings.size(), 1U);
    EXPECT_THAT(made.warnings[0], HasSubstr("/dev/vda is no longer a target"));
    EXPECT_THAT(made.warnings[0], HasSubstr("cordwainer install --forget /dev/vda"));
}

TEST_F(FormerTargetsTest, ADiskOfAnotherBootloaderCountsUntilTheMachineIsStartedByUefi) {
    devices_["/dev/vda"] = "/dev/vda";
    request_.known = {disk("/dev/vda")};
    request_.bootloader = &other_;
    FormerTargets made = find();
    EXPECT_THAT(made.targets, IsEmpty());
    ASSERT_EQ(made.warnings.size(), 1U);
    EXPECT_THAT(made.warnings[0], HasSubstr("which finds no menu any more"));
    request_.uefi = false;
    made = find();
    EXPECT_EQ(made.targets.size(), 1U);
    ASSERT_EQ(made.warnings.size(), 1U);
    EXPECT_THAT(made.warnings[0], HasSubstr("until UEFI firmware has started this machine"));
    request_.bootloader = nullptr;
    EXPECT_EQ(find().targets.size(), 1U);
}

TEST_F(FormerTargetsTest, AnotherNameOfAPlannedDiskIsNone) {
    devices_["/dev/vda"] = "/dev/vda";
    devices_["/dev/disk/by-id/x"] = "/dev/vda";
    request_.known = {disk("/dev/vda")};
    request_.planned = {disk("/dev/disk/by-id/x")};
    const FormerTargets made = find();
    EXPECT_THAT(made.targets, IsEmpty());
    EXPECT_THAT(made.warnings, IsEmpty());
}

}  // namespace
}  // namespace cordwainer::cli

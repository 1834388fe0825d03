#include "bootloaders/grub/module_directory.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/unit/bootloaders/grub/scenario.h"

namespace cordwainer::grub::testing {
namespace {

constexpr const char* kPath = "/usr/lib/grub/i386-pc";

ModuleDirectory directory(const FakePackage& package = FakePackage()) {
    return read_module_directory(package.get(), kPath).value();
}

TEST(ModuleDirectory, HasTheFilesOfItsPlatformOnly) {
    const ModuleDirectory pc = directory();
    EXPECT_TRUE(pc.has("biosdisk"));
    EXPECT_FALSE(pc.has("fdt"));
    EXPECT_TRUE(pc.others.contains("boot.img"));
    EXPECT_EQ(pc.modules.at("ext2").path, std::string(kPath) + "/ext2.mod");
}

TEST(ModuleDirectory, LeavesOutDirectoriesWhoseNameOnlyBeginsTheSame) {
    FakePackage package;
    package.add("/usr/lib/grub/i386-pc-signed/extra.mod");
    package.add("/usr/lib/grub/i386-pc/deeper/extra.mod");
    EXPECT_FALSE(directory(package).has("extra"));
    EXPECT_FALSE(directory(package).has("deeper/extra"));
}

TEST(ModuleDirectory, FindsAlgorithmsInEitherCase) {
    const ModuleDirectory pc = directory();
    ASSERT_TRUE(pc.algorithm_module("aes"));
    EXPECT_EQ(*pc.algorithm_module("aes"), "gcry_rijndael");
    EXPECT_EQ(*pc.algorithm_module("SHA512"), "gcry_sha512");
    EXPECT_EQ(*pc.algorithm_module("serpent"), "gcry_serpent");
    EXPECT_EQ(pc.algorithm_module("rot13"), nullptr);
}

TEST(ModuleDirectory, WithoutListOfDependenciesIsNoGrub) {
    FakePackage package;
    package.remove(std::string(kPath) + "/moddep.lst");
    const auto read = read_module_directory(package.get(), kPath);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::not_found);
    EXPECT_NE(read.error().message().find(kPath), std::string::npos);
}

TEST(ModuleDirectory, KnowsItsVersion) {
    EXPECT_EQ(directory().version.text(), "2.06");
    EXPECT_EQ(directory(FakePackage("2.12-9")).version.debian_revision, 9);
    FakePackage package;
    package.remove(std::string(kPath) + "/modinfo.sh");
    const auto read = read_module_directory(package.get(), kPath);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::not_found);
    EXPECT_NE(read.error().message().find("no modinfo.sh"), std::string::npos);
    for (const char* text : {"",
                             "grub_version=\"2.06\"\n",
                             "old_grub_package_version=\"2.06\"\n",
                             "grub_package_version=\"git\"\n"}) {
        package.add(std::string(kPath) + "/modinfo.sh", text);
        const auto unknown = read_module_directory(package.get(), kPath);
        ASSERT_FALSE(unknown) << text;
        EXPECT_EQ(unknown.error().code, Errc::invalid_input);
        EXPECT_NE(unknown.error().message().find("modinfo.sh"), std::string::npos);
    }
}

TEST(ModuleDirectory, DigestDependsOnNamesAndContents) {
    FakePackage more;
    more.add_modules({"xfs"});
    EXPECT_NE(directory().digest(), directory(more).digest());
    EXPECT_EQ(directory().digest(), directory().digest());
    ModuleDirectory changed = directory();
    changed.modules.at("ext2").digest = sha256("another build");
    EXPECT_NE(changed.digest(), directory().digest());
}

TEST(WithDependencies, FollowsThemToTheEnd) {
    FakePackage package;
    package.add_luks_modules();
    const auto all = with_dependencies(directory(package), {"luks", "ext2"});
    EXPECT_EQ(all.value(),
              (std::vector<std::string>{"crypto", "cryptodisk", "ext2", "fshelp", "luks"}));
}

TEST(WithDependencies, EndsWhereModulesNeedEachOther) {
    FakePackage package;
    package.add(std::string(kPath) + "/moddep.lst", "ext2: fshelp\nfshelp: ext2\n");
    EXPECT_EQ(with_dependencies(directory(package), {"ext2"}).value().size(), 2U);
}

TEST(WithDependencies, NamesAModuleThatIsMissing) {
    const auto all = with_dependencies(directory(), {"luks"});
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error().code, Errc::unsupported);
    EXPECT_NE(all.error().message().find("no module luks"), std::string::npos);
}

}  // namespace
}  // namespace cordwainer::grub::testing

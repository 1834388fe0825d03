#include "host/guix_generations.h"

#include <gtest/gtest.h>
#include <string>
#include <sys/utsname.h>
#include <vector>

#include "core/sha256.h"
#include "host/profiles.h"
#include "tests/support/system_tree.h"

namespace cordwainer {
namespace {

using test::bzimage;
using test::SystemTree;

constexpr const char* kProfiles = "/var/guix/profiles";

std::string parameters(const std::string& label,
                       const std::string& fields = "",
                       const std::string& kernel = "/gnu/store/k-linux/bzImage") {
    return "(boot-parameters (version 1) (label \"" + label +
           "\") (root-device (file-system-label \"root\")) (kernel \"" + kernel +
           "\") (kernel-arguments (\"quiet\")) (initrd \"/gnu/store/i-initrd/initrd\") " + fields +
           ")";
}

class GuixGenerations : public testing::Test {
  protected:
    GuixGenerations() {
        tree_.file("/gnu/store/k-linux/bzImage", bzimage("6.12.1-gnu"));
        tree_.file("/gnu/store/i-initrd/initrd", "initrd");
    }

    static std::string link_of(int number) {
        return std::string(kProfiles) + "/system-" + std::to_string(number) + "-link";
    }

    void add(int number, const std::string& content) const {
        const std::string system = "/gnu/store/" + std::to_string(number) + "-system";
        tree_.file(system + "/parameters", content);
        tree_.link(link_of(number), system);
        tree_.touch(link_of(number), 1'795'341'600 + number);
    }

    Generations read() {
        GenerationsRequest request;
        request.source = GenerationsRequest::Source::guix;
        return read(request);
    }

    Generations read(const GenerationsRequest& request) {
        auto generations = read_generations(tree_.root(), request, cache_);
        EXPECT_TRUE(generations) << generations.error().message();
        return generations ? *std::move(generations) : Generations{};
    }

    static std::vector<std::uint64_t> numbers(const Generations& generations) {
        std::vector<std::uint64_t> numbers;
        for (const Generation& g : generations.list) numbers.push_back(g.number);
        return numbers;
    }

    SystemTree tree_;
    DigestCache cache_;
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(GuixGenerations, AreReadWhole) {
    add(12, parameters("GNU"));
    tree_.link("/var/guix/profiles/system", "system-12-link");
    const Generations generations = read();
    ASSERT_EQ(generations.list.size(), 1U);
    EXPECT_TRUE(generations.skipped.empty());
    Generation wanted;
    wanted.number = 12;
    wanted.created = 1'795'341'612;
    wanted.current = true;
    wanted.identity = "/gnu/store/12-system";
    wanted.kernel_version = "6.12.1-gnu";
    wanted.parameters.label = "GNU";
    wanted.parameters.kernel = {"/gnu/store/k-linux/bzImage", true, 0x800, std::nullopt};
    wanted.parameters.initrds = {{"/gnu/store/i-initrd/initrd", true, 6, std::nullopt}};
    wanted.parameters.command_line =
        "root=root gnu.system=/var/guix/profiles/system-12-link "
        "gnu.load=/var/guix/profiles/system-12-link/boot quiet";
    wanted.parameters.store.device = FileSystemLabel{"root"};
    EXPECT_EQ(generations.list[0], wanted);
    EXPECT_EQ(boot_size(generations.list[0].parameters), 0x800U + 6U);
}

TEST_F(GuixGenerations, HaveDigestsWhereTheyAreWanted) {
    add(1, parameters("GNU"));
    GenerationsRequest request;
    request.digests = true;
    const Generations generations = read(request);
    ASSERT_EQ(generations.list.size(), 1U);
    EXPECT_EQ(generations.list[0].parameters.kernel.digest, sha256(bzimage("6.12.1-gnu")));
    EXPECT_EQ(generations.list[0].parameters.initrds[0].digest, sha256("initrd"));
}

TEST_F(GuixGenerations, AreExactlyTheNumberedLinks) {
    for (const int number : {10, 9, 100}) add(number, parameters("GNU"));
    for (const char* name : {"system-12-link.new",
                             "system-12-link~",
                             "xsystem-12-link",
                             "system--link",
                             "system-x-link",
                             "system-1x-link",
                             "system-+1-link",
                             "system-12",
                             "per-user",
                             "system-12-LINK"}) {
        tree_.link(std::string(kProfiles) + "/" + name, "/gnu/store/10-system");
    }
    const Generations generations = read();
    EXPECT_EQ(numbers(generations), (Numbers{9, 10, 100}));
    EXPECT_TRUE(generations.skipped.empty());
}

TEST_F(GuixGenerations, HideNoOtherWhereOneCannotBeRead) {
    add(1, parameters("one"));
    add(2, "(boot-parameters (version 1) (label \"half");
    add(3, "(boot-parameters (version 3) (everything \"new\"))");
    add(4, "");
    tree_.link(link_of(5), "/gnu/store/collected-system");
    tree_.directory("/gnu/store/6-system");
    tree_.link(link_of(6), "/gnu/store/6-system");
    tree_.file(link_of(7), "a file");
    tree_.directory(link_of(8));
    tree_.directory("/gnu/store/9-system/parameters");
    tree_.link(link_of(9), "/gnu/store/9-system");
    tree_.link(link_of(10), "system-10-link");
    add(11, std::string(2 << 20, ' ') + parameters("huge"));
    tree_.link("/var/guix/profiles/system-012-link", "/gnu/store/1-system");
    tree_.link("/var/guix/profiles/system-99999999999999999999-link", "/gnu/store/1-system");
    add(13, parameters("thirteen"));
    tree_.link("/var/guix/profiles/system", "system-13-link");

    const Generations generations = read();
    EXPECT_EQ(numbers(generations), (Numbers{1, 13}));
    EXPECT_TRUE(generations.list[1].current);
    std::vector<std::string> paths;
    for (const SkippedGeneration& s : generations.skipped) {
        paths.push_back(s.path);
        EXPECT_FALSE(s.why.empty());
    }
    EXPECT_EQ(paths,
              (std::vector<std::string>{link_of(2),
                                        link_of(3),
                                        link_of(4),
                                        link_of(5),
                                        link_of(6),
                                        link_of(7),
                                        link_of(8),
                                        link_of(9),
                                        link_of(10),
                                        link_of(11),
                                        "/var/guix/profiles/system-012-link",
                                        "/var/guix/profiles/system-99999999999999999999-link"}));
    EXPECT_NE(generations.skipped[0].why.find("not closed"), std::string::npos);
    EXPECT_NE(generations.skipped[1].why.find("version 3"), std::string::npos);
    EXPECT_NE(generations.skipped[3].why.find("/gnu/store/collected-system"), std::string::npos);
}

// So many are read on two threads.
TEST_F(GuixGenerations, AreInOrderWhereThereAreMany) {
    constexpr int kMany = 300;
    for (int number = 1; number <= kMany; ++number) {
        const bool broken = number % 100 == 0;
        add(number, broken ? "(nothing" : parameters("GNU " + std::to_string(number)));
    }
    tree_.link("/var/guix/profiles/system", "system-250-link");
    GenerationsRequest request;
    request.source = GenerationsRequest::Source::guix;
    request.digests = true;
    const Generations generations = read(request);
    ASSERT_EQ(generations.list.size(), 297U);
    ASSERT_EQ(generations.skipped.size(), 3U);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(generations.skipped[i].path, link_of(100 * (i + 1)));
    std::uint64_t last = 0;
    for (const Generation& generation : generations.list) {
        EXPECT_GT(generation.number, last);
        last = generation.number;
        EXPECT_EQ(generation.parameters.label, "GNU " + std::to_string(generation.number));
        EXPECT_EQ(generation.current, generation.number == 250);
        EXPECT_EQ(generation.kernel_version, "6.12.1-gnu");
        EXPECT_TRUE(generation.parameters.kernel.digest);
        EXPECT_EQ(generation.problems, std::vector<std::string>());
    }
}

TEST_F(GuixGenerations, NameTheCurrentOneByTheProfilesLink) {
    for (const int number : {1, 2, 3}) add(number, parameters("GNU"));
    const auto current = [&](const char* text) {
        tree_.link("/var/guix/profiles/system", text);
        Numbers found;
        for (const Generation& g : read().list) {
            if (g.current) found.push_back(g.number);
        }
        return found;
    };
    EXPECT_EQ(current("system-2-link"), Numbers{2});
    EXPECT_EQ(current("/var/guix/profiles/system-1-link"), Numbers{1});
    EXPECT_EQ(current("system-9-link"), Numbers{});
    EXPECT_EQ(current("system-2-link.new"), Numbers{});
    EXPECT_EQ(current("/gnu/store/2-system"), Numbers{});
}

TEST_F(GuixGenerations, ReportMissingFilesAsProblems) {
    add(1, parameters("GNU", "", "/gnu/store/gone-linux/bzImage"));
    add(2, parameters("GNU"));
    tree_.file("/gnu/store/3-system/parameters",
               "(boot-parameters (version 1) (label \"x\") (root-device \"r\") (kernel "
               "\"/gnu/store/k-linux/bzImage\") (initrd \"/gnu/store\"))");
    tree_.link(link_of(3), "/gnu/store/3-system");
    tree_.link("/gnu/store/4-kernel", "/gnu/store/nowhere");
    add(4, parameters("GNU", "", "/gnu/store/4-kernel"));
    const Generations generations = read();
    ASSERT_EQ(numbers(generations), (Numbers{1, 2, 3, 4}));
    EXPECT_EQ(generations.list[0].problems,
              std::vector<std::string>{"the kernel /gnu/store/gone-linux/bzImage is missing"});
    EXPECT_FALSE(generations.list[0].parameters.kernel.present);
    EXPECT_EQ(generations.list[0].kernel_version, std::nullopt);
    EXPECT_EQ(boot_size(generations.list[0].parameters), 6U);
    EXPECT_TRUE(generations.list[1].problems.empty());
    EXPECT_EQ(generations.list[2].problems,
              std::vector<std::string>{"the initrd /gnu/store is not a regular file"});
    EXPECT_EQ(generations.list[3].problems.size(), 1U);
}

TEST_F(GuixGenerations, HaveNothingToBootWhereAFileIsEmpty) {
    tree_.file("/gnu/store/cut-linux/bzImage", "");
    add(1, parameters("GNU", "", "/gnu/store/cut-linux/bzImage"));
    const Generations generations = read();
    ASSERT_EQ(generations.list.size(), 1U);
    EXPECT_EQ(generations.list[0].problems,
              std::vector<std::string>{"the kernel /gnu/store/cut-linux/bzImage is empty"});
    EXPECT_FALSE(generations.list[0].parameters.kernel.present);
}

TEST_F(GuixGenerations, FindTheImageInAKernelsDirectory) {
    for (const char* name : {"bzImage", "zImage", "Image", "vmlinuz"}) {
        const std::string directory = std::string("/gnu/store/only-") + name;
        tree_.file(directory + "/" + name, "image");
        add(1, parameters("GNU", "", directory));
        EXPECT_EQ(read().list.at(0).parameters.kernel.path, directory + "/" + name);
        add(1, parameters("GNU", "", directory + "/"));
        EXPECT_EQ(read().list.at(0).parameters.kernel.path, directory + "/" + name);
    }
}

TEST_F(GuixGenerations, NameAMissingImageAsThisMachineWould) {
    utsname names{};
    ASSERT_EQ(::uname(&names), 0);
    if (std::string(names.machine) != "x86_64") GTEST_SKIP() << "of x86";
    tree_.directory("/gnu/store/empty-linux");
    for (const char* directory : {"/gnu/store/empty-linux", "/gnu/store/gone-linux"}) {
        add(1, parameters("GNU", "", directory));
        const Generation generation = read().list.at(0);
        EXPECT_EQ(generation.parameters.kernel.path, std::string(directory) + "/bzImage");
        EXPECT_EQ(generation.problems.size(), 1U);
    }
}

TEST_F(GuixGenerations, KeepAKernelThatIsAFileOfTheStore) {
    tree_.file("/gnu/store/k-uki.efi", "image");
    add(1, parameters("GNU", "", "/gnu/store/k-uki.efi"));
    const Generation generation = read().list.at(0);
    EXPECT_EQ(generation.parameters.kernel.path, "/gnu/store/k-uki.efi");
    EXPECT_TRUE(generation.problems.empty());
}

TEST_F(GuixGenerations, OfTheHurdHaveModules) {
    tree_.file("/gnu/store/h/ext2fs", "module");
    add(1,
        parameters(
            "Hurd",
            R"((multiboot-modules (("/gnu/store/h/ext2fs" "a b" "c") ("/gnu/store/h/x"))))"));
    const Generation generation = read().list.at(0);
    const std::vector<MultibootModule> wanted = {
        {{"/gnu/store/h/ext2fs", true, 6, std::nullopt}, {"a b", "c"}},
        {{"/gnu/store/h/x", false, 0, std::nullopt}, {}}};
    EXPECT_EQ(generation.parameters.multiboot_modules, wanted);
    EXPECT_EQ(generation.problems,
              std::vector<std::string>{"the multiboot module /gnu/store/h/x is missing"});
}

TEST_F(GuixGenerations, FollowParametersThatAreALinkIntoTheStore) {
    tree_.file("/gnu/store/p-parameters", parameters("linked"));
    tree_.link("/gnu/store/s-system/parameters", "/gnu/store/p-parameters");
    tree_.link(link_of(1), "../../../gnu/store/s-system");
    const Generation generation = read().list.at(0);
    EXPECT_EQ(generation.parameters.label, "linked");
    EXPECT_EQ(generation.identity, "/gnu/store/s-system");
}

TEST_F(GuixGenerations, CountTheSecondBefore1970) {
    add(1, parameters("GNU"));
    const timespec times[2] = {{-2, 500'000'000}, {-2, 500'000'000}};
    ASSERT_EQ(::utimensat(AT_FDCWD, tree_.outside(link_of(1)).c_str(), times, AT_SYMLINK_NOFOLLOW),
              0);
    EXPECT_EQ(read().list.at(0).created, -2);
}

TEST_F(GuixGenerations, AreFoundByTheProfilesLinkOrItsDirectory) {
    add(1, parameters("GNU"));
    tree_.link("/var/guix/profiles/system", "system-1-link");
    const auto read_profile = [&](const std::string& profile) {
        GenerationsRequest request;
        request.source = GenerationsRequest::Source::guix;
        request.profile = profile;
        return read(request);
    };
    const Generations wanted = read();
    ASSERT_EQ(numbers(wanted), Numbers{1});
    ASSERT_TRUE(wanted.list[0].current);
    for (const char* profile : {"/var/guix/profiles",
                                "/var/guix/profiles/",
                                "var/guix//profiles/system",
                                "/var/guix/profiles/./system"}) {
        EXPECT_EQ(read_profile(profile), wanted) << profile;
    }
    EXPECT_EQ(read_profile("/var/guix/profiles/other"), [&] {
        Generations none_current = wanted;
        none_current.list[0].current = false;
        return none_current;
    }());
    EXPECT_EQ(read_profile("/missing/system"), Generations{});
    EXPECT_EQ(read_profile("/"), Generations{});
}

TEST_F(GuixGenerations, AreNoneWhereTheirDirectoryIsNone) {
    EXPECT_EQ(read(), Generations{});
    tree_.file("/var/guix/profiles", "a file");
    EXPECT_EQ(read(), Generations{});
}

}  // namespace
}  // namespace cordwainer

#include "host/add_generation.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "host/profiles.h"
#include "tests/support/system_tree.h"

namespace cordwainer {
namespace {

using test::bzimage;
using test::SystemTree;

constexpr const char* kState = "/var/lib/cordwainer";
constexpr const char* kPlace = "/var/lib/cordwainer/generations";

class AddGeneration : public testing::Test {
  protected:
    AddGeneration() {
        tree_.file("/in/vmlinuz", bzimage("6.1.0-18-amd64"));
        tree_.file("/in/initrd", "initrd");
        tree_.directory("/system");
        added_.kernel = tree_.outside("/in/vmlinuz");
        added_.initrds = {tree_.outside("/in/initrd")};
        added_.command_line = "root=LABEL=root quiet";
        added_.created = 1'795'341'600;
    }

    [[nodiscard]] Root root() const { return *Root::open(tree_.outside("/system")); }

    Result<AddedGeneration> add() const { return add_generation(root(), kState, added_); }

    [[nodiscard]] Generations read() const {
        DigestCache cache;
        GenerationsRequest request;
        request.source = GenerationsRequest::Source::native;
        request.digests = true;
        return *read_generations(root(), request, cache);
    }

    // The names in the generations' directory.
    [[nodiscard]] std::set<std::string> names() const {
        std::set<std::string> names;
        const auto entries = root().list(kPlace);
        if (!entries) return names;
        for (const DirectoryEntry& entry : *entries) names.insert(entry.name);
        return names;
    }

    [[nodiscard]] std::string current() const {
        return *root().read_link(std::string(kPlace) + "/current");
    }

    SystemTree tree_;
    NewGeneration added_;
};

TEST_F(AddGeneration, MakesWhatReadingFinds) {
    tree_.file("/in/module", "module");
    tree_.file("/in/tree", "tree");
    tree_.file("/in/second", "second");
    added_.initrds.emplace_back(tree_.outside("/in/second"));
    added_.modules = {{tree_.outside("/in/module"), {"a", "b c"}}};
    added_.device_tree = tree_.outside("/in/tree");
    added_.store.device = *Uuid::parse("1C31-A17C");
    added_.store.directory_prefix = "/@";
    const auto made = add();
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->number, 1U);
    EXPECT_EQ(made->path, "/var/lib/cordwainer/generations/1");
    EXPECT_EQ(names(), (std::set<std::string>{"1", "current"}));

    const Generations generations = read();
    ASSERT_EQ(generations.list.size(), 1U);
    const Generation& generation = generations.list[0];
    EXPECT_TRUE(generation.problems.empty());
    EXPECT_TRUE(generation.current);
    EXPECT_EQ(generation.created, added_.created);
    EXPECT_EQ(generation.kernel_version, "6.1.0-18-amd64");
    const BootParameters& parameters = generation.parameters;
    EXPECT_EQ(parameters.label, "Linux 6.1.0-18-amd64");
    EXPECT_EQ(parameters.command_line, "root=LABEL=root quiet cordwainer.generation=1");
    EXPECT_EQ(parameters.kernel.digest, sha256(bzimage("6.1.0-18-amd64")));
    ASSERT_EQ(parameters.initrds.size(), 2U);
    EXPECT_EQ(parameters.initrds[0].digest, sha256("initrd"));
    EXPECT_EQ(parameters.initrds[1].digest, sha256("second"));
    ASSERT_EQ(parameters.multiboot_modules.size(), 1U);
    EXPECT_EQ(parameters.multiboot_modules[0].file.digest, sha256("module"));
    EXPECT_EQ(parameters.multiboot_modules[0].arguments, (std::vector<std::string>{"a", "b c"}));
    EXPECT_EQ(parameters.device_tree->digest, sha256("tree"));
    EXPECT_EQ(parameters.store, added_.store);
}

TEST_F(AddGeneration, KeepsWhatTheOriginalsWere) {
    ASSERT_TRUE(add());
    const Generations before = read();
    tree_.file("/in/vmlinuz", "other");
    std::filesystem::remove(tree_.outside("/in/initrd"));
    EXPECT_EQ(read(), before);
}

TEST_F(AddGeneration, KeepsTheModesOfItsFiles) {
    ASSERT_EQ(::chmod(tree_.outside("/in/initrd").c_str(), 0600), 0);
    ASSERT_EQ(::chmod(tree_.outside("/in/vmlinuz").c_str(), 0644), 0);
    ASSERT_TRUE(add());
    const Generation generation = read().list.at(0);
    const auto mode = [&](const BootFile& file) {
        struct stat status{};
        EXPECT_EQ(::stat(root().outside(file.path).c_str(), &status), 0);
        return status.st_mode & 0777U;
    };
    EXPECT_EQ(mode(generation.parameters.initrds[0]), 0600U);
    EXPECT_EQ(mode(generation.parameters.kernel), 0644U);
}

TEST_F(AddGeneration, IdentifiesAGenerationByItsContent) {
    ASSERT_TRUE(add());
    tree_.file("/in/initrd", "other ");
    ASSERT_TRUE(add());
    const Generations generations = read();
    EXPECT_NE(generations.list.at(0).identity, generations.list.at(1).identity);
}

TEST_F(AddGeneration, TakesTwoInitrdsOfTheSameContent) {
    added_.initrds.push_back(added_.initrds[0]);
    ASSERT_TRUE(add());
    const Generation generation = read().list.at(0);
    EXPECT_EQ(generation.parameters.initrds.size(), 2U);
    EXPECT_TRUE(generation.problems.empty());
}

TEST_F(AddGeneration, NamesOneWithoutALabelAfterItsKernel) {
    tree_.file("/in/gnumach", "no Linux");
    added_.kernel = tree_.outside("/in/gnumach");
    ASSERT_TRUE(add());
    added_.label = "";
    ASSERT_TRUE(add());
    const Generations generations = read();
    EXPECT_EQ(generations.list.at(0).parameters.label, "gnumach");
    EXPECT_EQ(generations.list.at(1).parameters.label, "");
}

TEST_F(AddGeneration, NeverUsesANumberAgain) {
    ASSERT_EQ(add()->number, 1U);
    tree_.directory(std::string("/system") + kPlace + "/41");  // half made
    EXPECT_EQ(add()->number, 42U);
    tree_.file(std::string("/system") + kPlace + "/0050", "no generation at all");
    EXPECT_EQ(add()->number, 51U);
    tree_.directory(std::string("/system") + kPlace + "/18446744073709551615");
    const auto made = add();
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::refused);
    EXPECT_EQ(current(), "51");
}

TEST_F(AddGeneration, MovesCurrentUnlessToldNotTo) {
    ASSERT_TRUE(add());
    EXPECT_EQ(current(), "1");
    ASSERT_TRUE(add());
    EXPECT_EQ(current(), "2");
    added_.make_current = false;
    ASSERT_TRUE(add());
    EXPECT_EQ(current(), "2");
    std::filesystem::remove(root().outside(std::string(kPlace) + "/current"));
    ASSERT_TRUE(read().list.at(2).current);  // without the link, the highest
    ASSERT_TRUE(add());
    EXPECT_TRUE(read().list.at(2).current);
}

TEST_F(AddGeneration, LeavesNothingBehindWhereAFileIsMissing) {
    for (const char* missing : {"/in/missing", "/in", "/in/fifo"}) {
        if (std::string(missing) == "/in/fifo") {
            ASSERT_EQ(::mkfifo(tree_.outside(missing).c_str(), 0600), 0);
        }
        const NewGeneration good = added_;
        std::vector<NewGeneration> bad(4, good);
        bad[0].kernel = tree_.outside(missing);
        bad[1].initrds.emplace_back(tree_.outside(missing));
        bad[2].modules = {{tree_.outside(missing), {}}};
        bad[3].device_tree = tree_.outside(missing);
        for (const NewGeneration& generation : bad) {
            added_ = generation;
            const auto made = add();
            ASSERT_FALSE(made);
            EXPECT_NE(made.error().message().find(tree_.outside(missing)), std::string::npos)
                << made.error().message();
            EXPECT_TRUE(std::filesystem::is_empty(tree_.outside("/system")));
        }
        added_ = good;
    }
}

TEST_F(AddGeneration, LeavesNothingBehindWhereItCannotBeDescribed) {
    ASSERT_TRUE(add());
    const NewGeneration good = added_;
    added_.label = "\xff";
    EXPECT_EQ(add().error().code, Errc::invalid_input);
    added_ = good;
    added_.store.mount_point = "relative";
    EXPECT_EQ(add().error().code, Errc::invalid_input);
    EXPECT_EQ(names(), (std::set<std::string>{"1", "current"}));
    EXPECT_EQ(current(), "1");
}

TEST_F(AddGeneration, LeavesNothingBehindWhereCurrentCannotBeMoved) {
    tree_.file(std::string("/system") + kPlace + "/current/file", "in the way");
    const auto made = add();
    ASSERT_FALSE(made);
    EXPECT_EQ(names(), std::set<std::string>{"current"});
    EXPECT_TRUE(read().list.empty());
}

TEST_F(AddGeneration, RemovesWhatAKilledProcessHasLeft) {
    tree_.file(std::string("/system") + kPlace + "/.new-1-0/kernel.part", "left");
    ASSERT_TRUE(add());
    EXPECT_EQ(names(), (std::set<std::string>{"1", "current"}));
}

TEST_F(AddGeneration, IsSafeInSeveralProcessesAtOnce) {
    constexpr int kProcesses = 6;
    constexpr int kEach = 5;
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            for (int j = 0; j < kEach; ++j) {
                if (!add()) ::_exit(1);
            }
            ::_exit(0);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    const Generations generations = read();
    ASSERT_EQ(generations.list.size(), std::size_t{kProcesses * kEach});
    EXPECT_TRUE(generations.skipped.empty());
    EXPECT_EQ(generations.list.back().number, std::uint64_t{kProcesses * kEach});
    EXPECT_TRUE(generations.list.back().current);
    EXPECT_EQ(names().size(), std::size_t{kProcesses * kEach + 1});  // and `current`
    for (const Generation& generation : generations.list) EXPECT_TRUE(generation.problems.empty());
}

}  // namespace
}  // namespace cordwainer

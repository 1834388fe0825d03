#include "host/running.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "formats/boot_json.h"
#include "formats/boot_parameters.h"
#include "tests/support/system_tree.h"

namespace cordwainer {
namespace {

using test::SystemTree;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kMade = 1'000;

Generation guix(std::uint64_t number, const std::string& item, int version = 1) {
    Generation generation;
    generation.number = number;
    generation.identity = item;
    generation.created = kMade;
    GuixParameters parameters;
    parameters.version = version;
    parameters.root = "my-root";
    parameters.arguments = {"quiet"};
    generation.parameters.command_line = guix_command_line(
        parameters, "/var/guix/profiles/system-" + std::to_string(number) + "-link");
    return generation;
}

Generation native(std::uint64_t number, const std::string& command_line) {
    Generation generation;
    generation.number = number;
    generation.identity = "d" + std::to_string(number);
    generation.created = kMade;
    generation.parameters.command_line = native_command_line(command_line, number);
    return generation;
}

Generations all_of(std::vector<Generation> list) {
    Generations generations;
    generations.list = std::move(list);
    return generations;
}

Running runs(std::vector<Generation> list, const std::string& command_line) {
    return running_generation(all_of(std::move(list)), {.command_line = command_line});
}

const std::vector<Generation> kGuix = {guix(41, "/gnu/store/a-system"),
                                       guix(42, "/gnu/store/b-system"),
                                       guix(43, "/gnu/store/c-system")};

TEST(Running, IsTheGuixGenerationWithTheStoreItem) {
    const Running found =
        runs(kGuix,
             "BOOT_IMAGE=/gnu/store/k/bzImage root=my-root gnu.system=/gnu/store/b-system "
             "gnu.load=/gnu/store/b-system/boot quiet");
    EXPECT_EQ(found.certain(), 42);
    EXPECT_EQ(found.why, "");
    // Where somebody took one of them away in the menu, the other says it.
    EXPECT_EQ(runs(kGuix, "gnu.load=/gnu/store/c-system/boot").certain(), 43);
    EXPECT_EQ(runs(kGuix, "gnu.system=/gnu/store/c-system").certain(), 43);
}

TEST(Running, IsTheGuixGenerationWithTheLink) {
    for (const Generation& generation : kGuix) {
        EXPECT_EQ(runs(kGuix, "BOOT_IMAGE=/k " + generation.parameters.command_line + " single")
                      .certain(),
                  generation.number);
    }
}

TEST(Running, KnowsTheOldNamesOfGuixsArguments) {
    const std::vector<Generation> old = {guix(7, "/gnu/store/a-system", 0),
                                         guix(8, "/gnu/store/b-system", 0)};
    EXPECT_EQ(runs(old, old[0].parameters.command_line).certain(), 7);
    EXPECT_EQ(runs(old, "--system=/gnu/store/b-system --load=/gnu/store/b-system/boot").certain(),
              8);
}

TEST(Running, IsOneOfSeveralNumbersOfOneSystem) {
    const Running found = runs({guix(41, "/gnu/store/a-system"), guix(42, "/gnu/store/a-system")},
                               "gnu.system=/gnu/store/a-system");
    EXPECT_THAT(found.numbers, ElementsAre(41, 42));
    EXPECT_EQ(found.certain(), std::nullopt);
    EXPECT_THAT(found.why, HasSubstr("several generations"));
}

TEST(Running, SaysThatThereIsNoneOfTheSystem) {
    const Running found = runs(kGuix, "gnu.system=/gnu/store/z-system");
    EXPECT_THAT(found.numbers, IsEmpty());
    EXPECT_EQ(found.why,
              "the kernel was started with /gnu/store/z-system, which no generation has");
}

TEST(Running, SaysThatTwoSystemsWereMixed) {
    const Running found =
        runs(kGuix, "gnu.system=/gnu/store/b-system gnu.load=/gnu/store/a-system/boot");
    EXPECT_THAT(found.numbers, ElementsAre(41, 42));
    EXPECT_EQ(found.certain(), std::nullopt);
    EXPECT_EQ(found.why,
              "the kernel was told two systems, /gnu/store/b-system and /gnu/store/a-system");
}

TEST(Running, IsNotCertainlyAGenerationThatIsNewerThanTheStart) {
    BootedKernel booted{.command_line = kGuix[1].parameters.command_line, .started = kMade - 1};
    const Running again = running_generation(all_of(kGuix), booted);
    EXPECT_THAT(again.numbers, ElementsAre(42));
    EXPECT_EQ(again.certain(), std::nullopt);
    EXPECT_THAT(again.why, HasSubstr("generation 42 was made after the system was started"));

    booted.started = kMade;
    EXPECT_EQ(running_generation(all_of(kGuix), booted).certain(), 42);

    // An item of the store is what it is, whenever a link to it was made.
    booted = {.command_line = "gnu.system=/gnu/store/b-system", .started = kMade - 1};
    EXPECT_EQ(running_generation(all_of(kGuix), booted).certain(), 42);
}

TEST(Running, IsTheNativeGenerationWithTheNumber) {
    const std::vector<Generation> all = {native(1, "root=LABEL=a"), native(2, "root=LABEL=a")};
    EXPECT_EQ(runs(all, "BOOT_IMAGE=/k root=LABEL=a cordwainer.generation=2 initrd=\\i").certain(),
              2);
    // The last one counts: a stored command line may have the argument of another generation.
    EXPECT_EQ(runs(all, "cordwainer.generation=2 cordwainer.generation=1").certain(), 1);
    const Running none = runs(all, "root=LABEL=a cordwainer.generation=3");
    EXPECT_THAT(none.numbers, IsEmpty());
    EXPECT_THAT(none.why, HasSubstr("cordwainer.generation=3, which no generation has"));
}

TEST(Running, IsElseTheGenerationWithTheWholeCommandLine) {
    Generation first;
    first.number = 1;
    first.parameters.command_line = "root=/dev/vda1  dyndbg=\"file a.c +p\"";
    Generation second = first;
    second.number = 2;
    second.parameters.command_line = "root=/dev/vda1";
    const std::vector<Generation> all = {first, second};
    EXPECT_EQ(runs(all, "BOOT_IMAGE=/k root=/dev/vda1 \"dyndbg=file a.c +p\"").certain(), 1);
    EXPECT_EQ(runs(all, "initrd=\\i.img root=/dev/vda1").certain(), 2);
    const Running none = runs(all, "root=/dev/vda1 quiet");
    EXPECT_THAT(none.numbers, IsEmpty());
    EXPECT_THAT(none.why, HasSubstr("\"root=/dev/vda1 quiet\", which no generation has"));
    const Running both = runs({first, first}, first.parameters.command_line);
    EXPECT_EQ(both.numbers.size(), 2);
    EXPECT_THAT(both.why, HasSubstr("several generations"));
}

TEST(Running, IsReadFromTheSystemsOwnProc) {
    const SystemTree tree;
    const auto absent = read_booted(tree.root());
    ASSERT_TRUE(absent) << absent.error().message();
    EXPECT_FALSE(*absent);

    tree.file("/proc/cmdline", "quiet cordwainer.generation=2\n");
    tree.file("/proc/stat", "cpu 1 2\nbtime 1764208800\nprocesses 3\n");
    const auto booted = read_booted(tree.root());
    ASSERT_TRUE(booted && *booted);
    EXPECT_EQ((*booted)->command_line, "quiet cordwainer.generation=2");
    EXPECT_EQ((*booted)->started, 1'764'208'800);

    const auto machine = read_booted(*Root::open("/"));
    ASSERT_TRUE(machine && *machine);
    EXPECT_FALSE((*machine)->command_line.ends_with('\n'));
    EXPECT_TRUE((*machine)->started);
}

}  // namespace
}  // namespace cordwainer

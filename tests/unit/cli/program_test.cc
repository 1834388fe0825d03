#include "cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "tests/support/run_program.h"

namespace cordwainer::cli {
namespace {

using test::ProgramRun;
using testing::HasSubstr;
using testing::StartsWith;

ProgramRun run(const std::vector<std::string>& arguments) {
    return test::run_program(arguments);
}

TEST(Program, ShowsVersionAndHelp) {
    const ProgramRun version = run({"--version"});
    EXPECT_EQ(version.status, kDone);
    EXPECT_THAT(version.output, testing::MatchesRegex("cordwainer [0-9]+\\.[0-9]+\\.[0-9]+\n"));
    const ProgramRun help = run({"--help"});
    EXPECT_EQ(help.status, kDone);
    EXPECT_THAT(help.output, StartsWith("Usage: cordwainer COMMAND"));
    EXPECT_EQ(help.errors, "");
}

TEST(Program, ShowsTheHelpOfEveryCommand) {
    for (const Command& command : all_commands()) {
        std::vector<std::string> words;
        std::string word;
        std::istringstream name(command.name);
        while (name >> word) words.push_back(word);
        words.emplace_back("--help");
        const ProgramRun help = run(words);
        EXPECT_EQ(help.status, kDone) << command.name;
        EXPECT_THAT(help.output, StartsWith("Usage: cordwainer " + command.name));
    }
}

TEST(Program, NamesTheNearestCommand) {
    const ProgramRun wrong = run({"bootloader"});
    EXPECT_EQ(wrong.status, kUsage);
    EXPECT_EQ(wrong.output, "");
    EXPECT_EQ(wrong.errors,
              "cordwainer: there is no command bootloader; did you mean bootloaders? (cordwainer "
              "--help lists them)\n");
    EXPECT_THAT(run({"generation", "ad"}).errors, HasSubstr("needs another word: generation add"));
    EXPECT_THAT(run({"xyzzy"}).errors, HasSubstr("no command xyzzy (cordwainer"));
}

TEST(Program, NamesTheNearestOptionAndValue) {
    const ProgramRun option = run({"image", "x.toml", "--outptu", "y"});
    EXPECT_EQ(option.status, kUsage);
    EXPECT_THAT(option.errors,
                HasSubstr("cordwainer image has no option --outptu; did you mean --output?"));
    const ProgramRun value = run({"image", "x.toml", "-o", "y", "--format=qcow"});
    EXPECT_EQ(value.status, kUsage);
    EXPECT_THAT(value.errors,
                HasSubstr("--format must be one of raw, qcow2, not \"qcow\"; did you mean qcow2?"));
}

TEST(Program, RefusesWrongCommandLines) {
    EXPECT_EQ(run({}).status, kUsage);
    EXPECT_EQ(run({"--json"}).status, kUsage);
    EXPECT_EQ(run({"image"}).status, kUsage) << "the layout is missing";
    EXPECT_EQ(run({"bootloaders", "grub", "more"}).status, kUsage);
    EXPECT_EQ(run({"bootloaders", "--root"}).status, kUsage) << "the value is missing";
    EXPECT_EQ(run({"try", "x", "--bios", "--uefi"}).status, kUsage);
    EXPECT_EQ(run({"plan", "1", "--image", "layout.toml"}).status, kUsage);
    EXPECT_EQ(run({"image", "x.toml", "-o", "y", "--root", "/mnt"}).status, kUsage);
}

TEST(Program, RefusesValuesThatNoFileCouldMakeRight) {
    for (const std::vector<std::string>& wrong :
         {std::vector<std::string>{"--store-device", "/dev/sda1"},
          {"--store-device", "uuid=x"},
          {"--store-mount-point", "var"},
          {"--directory-prefix", "@var"},
          {"--crypto-device", "x"},
          {"--created", "yesterday"},
          {"--module", "  "}}) {
        const ProgramRun add =
            run({"generation", "add", "--kernel", "/missing", "--cmdline", "", wrong[0], wrong[1]});
        EXPECT_EQ(add.status, kUsage);
        EXPECT_THAT(add.errors, HasSubstr(wrong[0] + ": must be "));
        EXPECT_THAT(add.errors, HasSubstr(", not \"" + wrong[1] + "\""));
    }
}

TEST(Program, TellsErrorsAsJsonToo) {
    const ProgramRun usage = run({"bootloaders", "--jsno", "--json"});
    EXPECT_EQ(usage.status, kUsage);
    const auto wrong = nlohmann::json::parse(usage.output, nullptr, false);
    ASSERT_TRUE(wrong.is_object()) << usage.output;
    EXPECT_EQ(wrong["format"], "cordwainer-error/1");
    EXPECT_EQ(wrong["error"]["code"], "usage");

    const ProgramRun failed = run({"bootloaders", "gurb", "--json"});
    EXPECT_EQ(failed.status, kFailed);
    const auto error = nlohmann::json::parse(failed.output, nullptr, false);
    ASSERT_TRUE(error.is_object()) << failed.output;
    EXPECT_EQ(error["error"]["code"], "not_found");
    EXPECT_EQ(error["error"]["notes"].size(), 1U);
    EXPECT_THAT(error["error"]["message"].get<std::string>(), HasSubstr("did you mean \"grub\"?"));
    EXPECT_THAT(failed.errors, StartsWith("cordwainer: there is no bootloader \"gurb\""));
}

TEST(Program, FailsWhereItsOutputIsLost) {
    const ProgramRun full = test::run_program({"--help"}, ">/dev/full");
    EXPECT_EQ(full.status, kFailed);
    EXPECT_THAT(full.errors, HasSubstr("No space left on device"));
    const ProgramRun closed = test::run_program({"bootloaders"}, ">&-");
    EXPECT_EQ(closed.status, kFailed);
    EXPECT_THAT(closed.errors, HasSubstr("Bad file descriptor"));
    const ProgramRun piped = test::run_program({"bootloaders", "--json"}, ">/dev/full");
    EXPECT_EQ(piped.status, kFailed);
}

TEST(Program, FailsWhereNobodyReads) {
    const auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
    ASSERT_TRUE(directory);
    const std::string err = directory->path() / "err";
    // The reader has gone before anything is written.
    const std::string script =
        "{ sleep 0.3; \"$0\" bootloaders 2>" + err + "; echo $? >&2; } | true";
    const auto done = spawn({.arguments = {"sh", "-c", script, CORDWAINER_PROGRAM}});
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(done->errors, "1\n");
    EXPECT_THAT(read_text_file(err).value_or(""), HasSubstr("Broken pipe"));
}

TEST(Program, PrintsTheSameInEveryLocale) {
    const ProgramRun plain = test::run_program({"bootloaders", "grub"}, "", {{"LC_ALL", "C"}});
    const ProgramRun other =
        test::run_program({"bootloaders", "grub"}, "", {{"LC_ALL", "de_DE.ISO-8859-1"}});
    EXPECT_EQ(plain.status, kDone);
    EXPECT_EQ(plain.output, other.output);
}

TEST(Program, WritesItsDocuments) {
    const auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
    ASSERT_TRUE(directory);
    EXPECT_EQ(run({"--write-docs", directory->path()}).status, kDone);
    for (const char* name : {"cordwainer.1", "cordwainer-generation-add.1", "cordwainer-image.1"}) {
        const auto page = read_text_file(directory->path() / name);
        ASSERT_TRUE(page) << page.error().message();
        EXPECT_THAT(*page, StartsWith(".TH cordwainer"));
    }
    EXPECT_TRUE(std::filesystem::exists(directory->path() / "cordwainer.bash"));
    EXPECT_EQ(run({"--write-docs", "/nonexistent"}).status, kFailed);
}

}  // namespace
}  // namespace cordwainer::cli

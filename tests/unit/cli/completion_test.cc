#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands.h"
#include "core/bytes.h"
#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer::cli {
namespace {

using testing::ElementsAre;
using testing::IsSupersetOf;

// What a real bash offers for the last of `words`, in a directory with a file and a directory.
std::vector<std::string> offered(const std::vector<std::string>& words) {
    std::vector<HelpPage> pages;
    for (const Command& command : all_commands()) pages.push_back(help_page(command));
    const auto directory = TemporaryDirectory::make({}, "cordwainer-test-");
    EXPECT_TRUE(directory);
    std::filesystem::create_directory(directory->path() / "a-directory");
    EXPECT_TRUE(write_durably(directory->path() / "a-file", {}));
    std::string script = render_bash_completion(pages) + "COMP_WORDS=(cordwainer";
    for (const std::string& word : words) script += " '" + word + "'";
    script += ")\nCOMP_CWORD=" + std::to_string(words.size()) +
              "\n_cordwainer\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    const auto done = spawn(
        {.arguments = {"bash", "--norc", "-u", "-c", script}, .directory = directory->path()});
    EXPECT_TRUE(done) << done.error().message();
    std::vector<std::string> answer;
    std::istringstream lines(done ? done->output : "");
    for (std::string line; std::getline(lines, line);) answer.push_back(line);
    return answer;
}

TEST(BashCompletion, OffersCommands) {
    EXPECT_THAT(offered({""}),
                IsSupersetOf({"bootloaders", "generation", "image", "list", "plan"}));
    EXPECT_THAT(offered({"boo"}), ElementsAre("bootloaders"));
    EXPECT_THAT(offered({"generation", ""}), ElementsAre("add"));
    EXPECT_THAT(offered({"--v"}), ElementsAre("--version"));
}

TEST(BashCompletion, OffersTheCommandsOptions) {
    EXPECT_THAT(offered({"image", "--f"}), ElementsAre("--format"));
    EXPECT_THAT(offered({"list", "--r"}), ElementsAre("--root"));
    EXPECT_THAT(offered({"generation", "add", "--ker"}), ElementsAre("--kernel"));
    EXPECT_THAT(offered({"image", "layout.toml", "--out"}), ElementsAre("--output"));
}

TEST(BashCompletion, OffersValues) {
    EXPECT_THAT(offered({"image", "--format", ""}), ElementsAre("raw", "qcow2"));
    EXPECT_THAT(offered({"image", "x", "--format", "q"}), ElementsAre("qcow2"));
    EXPECT_THAT(offered({"list", "--root", "a"}), ElementsAre("a-directory"));
    EXPECT_THAT(offered({"list", "--config", "a-"}),
                testing::UnorderedElementsAre("a-directory", "a-file"));
    EXPECT_THAT(offered({"image", "a-f"}), ElementsAre("a-file"));
}

}  // namespace
}  // namespace cordwainer::cli

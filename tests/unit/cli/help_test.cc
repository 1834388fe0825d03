#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands.h"

namespace cordwainer::cli {
namespace {

using testing::HasSubstr;

// A command with one option of each kind.
Command example() {
    return {
        .name = "do it",
        .summary = "does something",
        .declare = [] -> Declared {
            return {
                .options = {{.names = {"THING"}, .meaning = "What to do it with", .required = true},
                            {.names = {"-o", "--output"},
                             .value = "FILE",
                             .meaning = "Where to",
                             .required = true},
                            {.names = {"--format"},
                             .value = "FORMAT",
                             .meaning = "How",
                             .values = {"raw", "qcow2"}},
                            {.names = {"--fast"}, .meaning = "Hurry"}},
                .run = [](const Common&) -> Result<int> { return kDone; }};
        },
        .details = "First line\nof a paragraph.\n\n  an example\n\nEnd."};
}

TEST(Help, IsMadeFromTheDeclaration) {
    const HelpPage page = help_page(example());
    EXPECT_EQ(page.name, "cordwainer do it");
    ASSERT_EQ(page.arguments.size(), 1U);
    EXPECT_EQ(page.arguments[0].names, std::vector<std::string>{"THING"});
    const std::string text = render_help(page);
    EXPECT_THAT(text,
                testing::StartsWith("Usage: cordwainer do it THING -o FILE [OPTION]...\n\n"
                                    "cordwainer do it does something.\n\n"
                                    "Arguments:\n"
                                    "  THING                   What to do it with\n\n"
                                    "Options:\n"
                                    "  -o, --output FILE       Where to (required)\n"
                                    "  --format FORMAT         How (raw, qcow2)\n"
                                    "  --fast                  Hurry\n\n"
                                    "Common options:\n"));
    EXPECT_THAT(text, HasSubstr("\nFirst line of a paragraph.\n\n  an example\n\nEnd.\n"));
    EXPECT_THAT(text, HasSubstr("Exit status: 0 done; 1 refused"));
}

TEST(Help, ManualPagesSayTheSame) {
    const std::string text = render_man(help_page(example()));
    EXPECT_THAT(text, testing::StartsWith(".TH cordwainer-do-it 1 "));
    EXPECT_THAT(text, HasSubstr(".SH NAME\ncordwainer\\-do\\-it \\- does something\n"));
    EXPECT_THAT(
        text,
        HasSubstr(".TP\n\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIFILE\\fR\nWhere to (required)"));
    EXPECT_THAT(text, HasSubstr(".PP\n.nf\n  an example\n.fi\n"));
}

TEST(Help, ManualPagesQuoteWhatTheFormatterWouldTake) {
    Command command = example();
    command.details = ".SH no heading\n\n'quote\n\nback\\slash -x";
    const std::string text = render_man(help_page(command));
    EXPECT_THAT(text, HasSubstr("\n.PP\n\\&.SH no heading\n"));
    EXPECT_THAT(text, HasSubstr("\n.PP\n\\&'quote\n"));
    EXPECT_THAT(text, HasSubstr("\n.PP\nback\\eslash \\-x\n"));
}

class EveryCommand : public testing::TestWithParam<std::string> {
  protected:
    static Command command() {
        for (Command& candidate : all_commands()) {
            if (candidate.name == GetParam()) return candidate;
        }
        return {};
    }
};

TEST_P(EveryCommand, HasHelpThatFitsATerminal) {
    const HelpPage page = help_page(command());
    const std::string text = render_help(page);
    EXPECT_THAT(text, testing::StartsWith("Usage: cordwainer " + GetParam()));
    for (const char* option : {"--help", "--json", "--root DIR", "--config FILE", "--state DIR"}) {
        EXPECT_THAT(text, HasSubstr(option));
    }
    for (const auto& options : {page.arguments, page.options}) {
        for (const Option& option : options) EXPECT_FALSE(option.meaning.empty());
    }
    EXPECT_FALSE(command().details.empty());
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = text.find('\n', start);
        EXPECT_LE(end - start, 80U) << text.substr(start, end - start);
        start = end + 1;
    }
}

TEST_P(EveryCommand, IsOnTheProgramsPage) {
    EXPECT_THAT(render_help(program_page()), HasSubstr("\n  " + GetParam() + " "));
    EXPECT_THAT(render_man(program_page()), HasSubstr("\\fB" + GetParam() + "\\fR\n"));
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const Command& command : all_commands()) names.push_back(command.name);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Help,
                         EveryCommand,
                         testing::ValuesIn(command_names()),
                         [](const auto& test) {
                             std::string name = test.param;
                             std::ranges::replace(name, ' ', '_');
                             return name;
                         });

}  // namespace
}  // namespace cordwainer::cli

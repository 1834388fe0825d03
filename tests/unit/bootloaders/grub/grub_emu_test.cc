// Real GRUB reads what was planned: grub-emu runs the menu, with functions in the place of the
// commands that it does not have. Every word is compared inside GRUB with the same text in GRUB's
// other notation, double quotes, written here.
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "bootloaders/grub/command_line.h"
#include "formats/grub_quote.h"
#include "tests/unit/bootloaders/grub/programs.h"
#include "tests/unit/bootloaders/grub/scenario.h"

namespace cordwainer::grub::testing {
namespace {

// A text in double quotes. A line that began with "#" would be dropped, so none does.
std::string in_double_quotes(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '$' || c == '"' || c == '\\') quoted += '\\';
        quoted += c;
        if (c == '\n') quoted += "\"\"";
    }
    return quoted + "\"";
}

// A function that says for each of its arguments whether it is the expected one.
std::string checking_function(const std::string& name, const std::vector<std::string>& expected) {
    std::string function = "function " + name + " {\n";
    for (std::size_t i = 0; i < expected.size(); ++i) {
        function += "if [ \"$1\" = " + in_double_quotes(expected[i]) + " ]; then echo " + name +
                    "-same; else echo " + name + "-differs-" + std::to_string(i) + "; fi\nshift\n";
    }
    return function + "echo " + name + "-rest-$#-\n}\n";
}

// What grub-emu prints for a menu; it is ended after 20 seconds.
std::string run(const std::string& menu) {
    const TemporaryDirectory directory;
    directory.write("grub.cfg", menu);
    return shell(
               "(sleep 0.5; for i in 1 2 3 4 5 6; do sleep 0.5; echo; done) | timeout 20 grub-emu "
               "-d " +
               shell_quote(directory.path().string()))
        .output;
}

int count(const std::string& whole, const std::string& part) {
    int found = 0;
    for (auto at = whole.find(part); at != std::string::npos; at = whole.find(part, at + 1))
        ++found;
    return found;
}

class GrubEmu : public ::testing::Test {
  protected:
    void SetUp() override {
        if (shell("command -v grub-emu").status != 0) {
            GTEST_SKIP() << "grub-emu (Debian's package of that name) is not installed";
        }
    }
};

TEST_F(GrubEmu, ReadsQuotedWordsAsTheyWere) {
    std::vector<std::string> texts{
        "if", "fi", "then", "}", "{", "done", "in", "!", "[", "]]", "#", "*"};
    std::mt19937 random(42);  // NOLINT(cert-msc51-cpp): the same words each time
    const std::string bytes = "'\"\\$#;{}|&<>()*?~`!% \t\nax1_=/\xc3\xa9";
    for (int i = 0; i < 100; ++i) {
        std::string word;
        const auto length = std::uniform_int_distribution<int>(0, 12)(random);
        for (int n = 0; n < length; ++n) {
            word += bytes[std::uniform_int_distribution<std::size_t>(0, bytes.size() - 1)(random)];
        }
        texts.push_back(word);
    }
    std::string menu = checking_function("check", texts) + "check";
    for (const std::string& word : texts) menu += " " + grub_word(word).value();
    menu += "\nhalt\n";
    const std::string output = run(menu);
    EXPECT_EQ(count(output, "check-same"), static_cast<int>(texts.size())) << output;
    EXPECT_EQ(count(output, "check-differs"), 0) << output;
    EXPECT_EQ(count(output, "check-rest-0-"), 1) << output;
}

TEST_F(GrubEmu, BootsTheEntryWithItsWords) {
    Scenario scenario;
    scenario.add_gpt_disk();
    const std::string label = "a $b 'c' \"d\" ; { e } | & < > \\f # (g) * ~";
    const std::string command_line =
        "a=$root b={c;d} e='f' g=\"h i\" \"j k\" l=\\m  n # $(reboot) `o` p=\n#q *";
    for (Generation& generation : scenario.generations) {
        generation.parameters.label = label;
        generation.parameters.command_line =
            command_line + " generation=" + std::to_string(generation.number);
        generation.parameters.kernel = boot_file("/store/it's $a {k};/bz Image");
    }
    for (const std::uint64_t chosen : {2U, 1U}) {
        Scenario with_default = scenario;
        with_default.set("default-generation", number(static_cast<std::int64_t>(chosen)));
        with_default.set("timeout", number(0));
        const auto plan = with_default.plan();
        ASSERT_TRUE(plan) << plan.error().message();

        std::vector<std::string> words =
            loader_words(command_line + " generation=" + std::to_string(chosen)).words;
        words.insert(words.begin(), "/store/it's $a {k};/bz Image");
        std::string functions = checking_function("linux", words);
        functions += "function initrd {\nhalt\n}\nfunction insmod {\ntrue\n}\n";
        const std::string output = run(functions + menu_of(*plan));
        EXPECT_EQ(count(output, "linux-same"), static_cast<int>(words.size())) << output;
        EXPECT_EQ(count(output, "linux-differs"), 0) << output;
        EXPECT_EQ(count(output, "linux-rest-0-"), 1) << output;
        EXPECT_EQ(count(output, "Booting `" + label), 1) << output;
    }
}

}  // namespace
}  // namespace cordwainer::grub::testing

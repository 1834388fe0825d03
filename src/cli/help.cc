#include "cli/help.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "cli/commands.h"

namespace cordwainer::cli {
namespace {

constexpr std::size_t kTextWidth = 80;
constexpr std::size_t kIndent = 2;
constexpr std::size_t kMeaningColumn = 26;
constexpr const char* kCommonGroup = "Common options";

constexpr const char* kProgramSummary =
    "makes generation-based Linux systems boot, through any bootloader, and go back for certain";

constexpr const char* kExitStatuses =
    R"(Exit status: 0 done; 1 refused or failed, and nothing was changed; 2 the command line is wrong; 3 applied in part and recoverable, and the message says how.)";

constexpr const char* kProgramDetails =
    R"(`cordwainer COMMAND --help` tells more of each command. Every command has --json, --root, --config and --state; the options stand after the command.)";

// How many columns a UTF-8 text takes, where every character takes one.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Wraps `text` at blanks; every line but the first begins with `indent` blanks.
std::string wrapped(std::string_view text, std::size_t indent) {
    std::string result;
    std::size_t column = indent;
    while (!text.empty()) {
        const std::size_t blank = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, blank);
        text.remove_prefix(std::min(blank + 1, text.size()));
        if (word.empty()) continue;
        if (column > indent && column + 1 + width(word) > kTextWidth) {
            result += "\n" + std::string(indent, ' ');
            column = indent;
        }
        if (column > indent) {
            result += ' ';
            ++column;
        }
        result += word;
        column += width(word);
    }
    return result;
}

std::string meaning_of(const Option& option) {
    std::string text = option.meaning;
    if (!option.values.empty()) text += fmt::format(" ({})", fmt::join(option.values, ", "));
    if (option.required && !option.is_argument()) text += " (required)";
    return text;
}

std::string usage_of(const HelpPage& page) {
    std::string text = page.name;
    if (page.commands.empty()) {
        for (const Option& argument : page.arguments) {
            const std::string& name = argument.names.front();
            text += argument.required ? " " + name : " [" + name + "]";
        }
        for (const Option& option : page.options) {
            if (option.required) text += " " + option.names.front() + " " + option.value;
        }
        return text + " [OPTION]...";
    }
    return text + " COMMAND [OPTION]...";
}

std::string row(const std::string& left, const std::string& right) {
    std::string text = std::string(kIndent, ' ') + left;
    if (width(text) + 2 > kMeaningColumn) {
        text += "\n" + std::string(kMeaningColumn, ' ');
    } else {
        text += std::string(kMeaningColumn - width(text), ' ');
    }
    return text + wrapped(right, kMeaningColumn) + "\n";
}

std::string left_of(const Option& option) {
    std::string text = fmt::format("{}", fmt::join(option.names, ", "));
    if (!option.value.empty()) text += " " + option.value;
    return text;
}

std::string rows(const std::string& title, const std::vector<Option>& options, bool common) {
    std::string text;
    for (const Option& option : options) {
        if (option.common == common) text += row(left_of(option), meaning_of(option));
    }
    return text.empty() ? "" : "\n" + title + ":\n" + text;
}

// Calls `paragraph` with each run of other lines joined by blanks, and `example` with each run of
// lines that begin with two blanks, as they stand.
template <class Paragraph, class Example>
void each_block(std::string_view details, Paragraph paragraph, Example example) {
    std::string text;
    std::string lines;
    const auto flush = [&] {
        if (!text.empty()) paragraph(text);
        if (!lines.empty()) example(lines);
        text.clear();
        lines.clear();
    };
    while (!details.empty()) {
        const std::size_t end = std::min(details.find('\n'), details.size());
        const std::string_view line = details.substr(0, end);
        details.remove_prefix(std::min(end + 1, details.size()));
        if (line.starts_with("  ")) {
            if (!text.empty()) flush();
            lines += std::string(line) + "\n";
        } else if (line.empty()) {
            flush();
        } else {
            if (!lines.empty()) flush();
            if (!text.empty()) text += ' ';
            text += line;
        }
    }
    flush();
}

// Text for man(7): backslashes, dashes, and what would be a request at the start of a line.
std::string roff(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const bool line_start = result.empty() || result.back() == '\n';
        if (line_start && (c == '.' || c == '\'')) result += "\\&";
        if (c == '\\') {
            result += "\\e";
        } else if (c == '-') {
            result += "\\-";
        } else {
            result += c;
        }
    }
    return result;
}

std::string man_rows(const std::string& title, const std::vector<Option>& options, bool common) {
    std::string text;
    for (const Option& option : options) {
        if (option.common != common) continue;
        text += ".TP\n";
        std::string names;
        for (const std::string& name : option.names) {
            names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
        }
        if (!option.value.empty()) names += " \\fI" + roff(option.value) + "\\fR";
        text += names + "\n" + roff(meaning_of(option)) + "\n";
    }
    return text.empty() ? "" : ".SH " + title + "\n" + text;
}

std::string dashed(std::string name) {
    std::ranges::replace(name, ' ', '-');
    return name;
}

}  // namespace

std::vector<Option> common_options(Common& common) {
    return {
        {.names = {"-h", "--help"}, .meaning = "Show this help", .common = true},
        {.names = {"--json"},
         .meaning = "Print JSON instead of text",
         .target = &common.json,
         .common = true},
        {.names = {"--root"},
         .value = "DIR",
         .meaning = "Work on the system that is mounted at DIR",
         .target = &common.root,
         .common = true},
        {.names = {"--config"},
         .value = "FILE",
         .meaning = "The configuration (default: /etc/cordwainer/config.toml inside the root)",
         .target = &common.config,
         .common = true},
        {.names = {"--state"},
         .value = "DIR",
         .meaning =
             "Generations, records and objects (default: /var/lib/cordwainer inside the root)",
         .target = &common.state,
         .common = true},
    };
}

HelpPage help_page(const Command& command) {
    HelpPage page;
    page.name = "cordwainer " + command.name;
    page.summary = command.summary;
    page.details = command.details + "\n\n" + kExitStatuses;
    Common common;
    page.options = common_options(common);
    Declared declared = command.declare();
    for (Option& option : declared.options) {
        (option.is_argument() ? page.arguments : page.options).push_back(std::move(option));
    }
    // The page outlives what its options would be read into.
    for (Option& option : page.arguments) option.target = {};
    for (Option& option : page.options) option.target = {};
    return page;
}

HelpPage program_page() {
    HelpPage page;
    page.name = "cordwainer";
    page.summary = kProgramSummary;
    page.details = std::string(kProgramDetails) + "\n\n" + kExitStatuses;
    page.options = {{.names = {"-h", "--help"}, .meaning = "Show this help"},
                    {.names = {"--version"}, .meaning = "Show the version"}};
    page.commands = all_commands();
    return page;
}

std::string render_help(const HelpPage& page) {
    std::string text = "Usage: " + wrapped(usage_of(page), 7) + "\n\n";
    text += wrapped(page.name + " " + page.summary + ".", 0) + "\n";
    text += rows("Arguments", page.arguments, false);
    if (!page.commands.empty()) {
        text += "\nCommands:\n";
        for (const Command& command : page.commands) text += row(command.name, command.summary);
    }
    text += rows("Options", page.options, false);
    text += rows(kCommonGroup, page.options, true);
    each_block(
        page.details,
        [&](const std::string& paragraph) { text += "\n" + wrapped(paragraph, 0) + "\n"; },
        [&](const std::string& lines) { text += "\n" + lines; });
    return text;
}

std::string render_man(const HelpPage& page) {
    std::string text = fmt::format(
        ".TH {} 1 \"\" \"cordwainer {}\" \"cordwainer\"\n", dashed(page.name), CORDWAINER_VERSION);
    text += ".SH NAME\n" + roff(dashed(page.name)) + " \\- " + roff(page.summary) + "\n";
    text += ".SH SYNOPSIS\n\\fB" + roff(usage_of(page)) + "\\fR\n";
    if (!page.commands.empty()) {
        text += ".SH COMMANDS\n";
        for (const Command& command : page.commands) {
            text += ".TP\n\\fB" + roff(command.name) + "\\fR\n" + roff(command.summary) + "\n";
        }
    }
    text += man_rows("ARGUMENTS", page.arguments, false);
    text += man_rows("OPTIONS", page.options, false);
    text += man_rows("COMMON OPTIONS", page.options, true);
    text += ".SH DESCRIPTION\n";
    each_block(
        page.details,
        [&](const std::string& paragraph) { text += ".PP\n" + roff(paragraph) + "\n"; },
        [&](const std::string& lines) { text += ".PP\n.nf\n" + roff(lines) + ".fi\n"; });
    return text;
}

}  // namespace cordwainer::cli

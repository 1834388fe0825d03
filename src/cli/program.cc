#include "cli/program.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/output.h"
#include "core/bytes.h"
#include "core/nearest.h"
#include "sys/file_io.h"

namespace cordwainer::cli {
namespace {

// What came of reading a command line: a command to run, or a text to print, or what is wrong.
struct Parsed {
    Run run;
    std::optional<std::string> text;
    std::optional<std::string> wrong;
};

void report(const Error& error, const char* code, bool json) {
    complain(error.message());
    if (!json) return;
    // The error has been told on standard error; where standard output fails too, that is enough.
    const auto printed = print_json(error_json(error, code));
    if (!printed) complain(printed.error().message());
}

// The command whose name the first words are; the words are then taken off.
std::optional<Command> take_command(std::vector<std::string>& words) {
    for (const Command& command : all_commands()) {
        std::size_t count = 1 + static_cast<std::size_t>(std::ranges::count(command.name, ' '));
        if (count > words.size()) continue;
        const auto end = words.begin() + static_cast<std::ptrdiff_t>(count);
        if (fmt::format("{}", fmt::join(words.begin(), end, " ")) != command.name) continue;
        words.erase(words.begin(), end);
        return command;
    }
    return std::nullopt;
}

std::string unknown_command(const std::vector<std::string>& words) {
    std::vector<std::string> names;
    std::vector<std::string> below;  // the commands that begin with the first word
    for (const Command& command : all_commands()) {
        names.push_back(command.name);
        if (command.name.starts_with(words[0] + " ")) below.push_back(command.name);
    }
    if (!below.empty()) {
        return fmt::format("{} needs another word: {}", words[0], fmt::join(below, ", "));
    }
    if (words[0].starts_with('-')) {
        return fmt::format("the option {} stands before any command; options follow the command",
                           words[0]);
    }
    const std::string two = words.size() > 1 ? words[0] + " " + words[1] : words[0];
    const std::string guess = nearest(two, names) ? two : words[0];
    return fmt::format("there is no command {}{} (cordwainer --help lists them)",
                       words[0],
                       did_you_mean(guess, names));
}

// Fills in what `common` takes from the root by default.
void complete(Common& common) {
    namespace fs = std::filesystem;
    std::error_code failed;  // only where there is no current directory; then the name stays
    const auto absolute = [&](const std::string& path) {
        const fs::path whole = fs::absolute(path, failed);
        return failed ? path : whole.lexically_normal().string();
    };
    common.root = absolute(common.root);
    common.config_given = !common.config.empty();
    common.state_given = !common.state.empty();
    common.config = common.config_given
                        ? absolute(common.config)
                        : (fs::path(common.root) / "etc/cordwainer/config.toml").string();
    common.state = common.state_given ? absolute(common.state)
                                      : (fs::path(common.root) / "var/lib/cordwainer").string();
}

Parsed parse_command(const Command& command, std::vector<std::string> words, Common& common) {
    Declared declared = command.declare();
    std::vector<Option> options = common_options(common);
    options.insert(options.end(), declared.options.begin(), declared.options.end());
    const std::string name = "cordwainer " + command.name;
    const CommandLine line = read_command_line(name, options, declared.one_of, std::move(words));
    if (line.help) return {.run = {}, .text = render_help(help_page(command)), .wrong = {}};
    complete(common);
    Parsed parsed{.run = std::move(declared.run), .text = {}, .wrong = {}};
    if (line.wrong) parsed.wrong = fmt::format("{} ({} --help tells more)", *line.wrong, name);
    return parsed;
}

// Writes the manual pages and the completion script of this build into a directory.
Result<int> write_docs(const std::string& directory) {
    std::vector<HelpPage> pages;
    for (const Command& command : all_commands()) pages.push_back(help_page(command));
    const std::string completion = render_bash_completion(pages);
    pages.push_back(program_page());
    const std::filesystem::path place = directory;
    for (const HelpPage& page : pages) {
        std::string name = page.name + ".1";
        std::ranges::replace(name, ' ', '-');
        TRY_VOID(write_durably(place / name, as_bytes(render_man(page))));
    }
    TRY_VOID(write_durably(place / "cordwainer.bash", as_bytes(completion)));
    return kDone;
}

Parsed parse_program(std::vector<std::string> words, Common& common) {
    Parsed parsed;
    if (words.empty()) {
        parsed.wrong = "no command is given (cordwainer --help lists them)";
    } else if (words[0] == "--help" || words[0] == "-h") {
        parsed.text = render_help(program_page());
    } else if (words[0] == "--version") {
        parsed.text = fmt::format("cordwainer {}\n", CORDWAINER_VERSION);
    } else if (words[0] == "--write-docs" && words.size() == 2) {  // for the build
        parsed.run = [directory = words[1]](const Common&) { return write_docs(directory); };
    } else if (const auto command = take_command(words)) {
        return parse_command(*command, words, common);
    } else {
        parsed.wrong = unknown_command(words);
    }
    return parsed;
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
    const bool json = std::ranges::count(arguments, "--json") > 0;
    Common common;
    const Parsed parsed = parse_program(arguments, common);
    if (parsed.wrong) {
        report(Error(Errc::invalid_input, *parsed.wrong), "usage", json);
        return kUsage;
    }
    if (parsed.text) {
        const auto printed = print(*parsed.text);
        if (!printed) complain(printed.error().message());
        return printed ? kDone : kFailed;
    }
    const Result<int> status = parsed.run(common);
    if (status) return *status;
    report(status.error(), error_name(status.error().code), json);
    return kFailed;
}

}  // namespace cordwainer::cli

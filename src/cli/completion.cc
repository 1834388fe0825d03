#include "cli/completion.h"

#include <fmt/format.h>
#include <map>
#include <set>

namespace cordwainer::cli {
namespace {

// The command's own words: "generation add".
std::string command_of(const HelpPage& page) {
    return page.name.substr(page.name.find(' ') + 1);
}

// The next words that lead to commands, by the words before: "" → {"image", "generation"},
// "generation" → {"add"}.
std::map<std::string, std::set<std::string>> next_words(const std::vector<HelpPage>& commands) {
    std::map<std::string, std::set<std::string>> next;
    for (const HelpPage& page : commands) {
        const std::string name = command_of(page);
        std::string before;
        for (std::size_t start = 0; start < name.size();) {
            const std::size_t end = std::min(name.find(' ', start), name.size());
            next[before].insert(name.substr(start, end - start));
            before = name.substr(0, end);
            start = end + 1;
        }
    }
    return next;
}

// How bash completes a value.
std::string value_action(const Option& option) {
    if (!option.values.empty()) return fmt::format("-W '{}'", fmt::join(option.values, " "));
    if (option.value == "DIR") return "-d";
    if (option.value == "FILE" || option.value == "LAYOUT") return "-f";
    return "-W ''";
}

std::string option_cases(const HelpPage& page) {
    std::string text;
    for (const Option& option : page.options) {
        if (option.value.empty()) continue;
        for (const std::string& name : option.names) {
            text += fmt::format("        '{}:{}') choices={} ;;\n",
                                command_of(page),
                                name,
                                "(" + value_action(option) + ")");
        }
    }
    return text;
}

std::string option_words(const HelpPage& page) {
    std::string text;
    for (const Option& option : page.options) {
        text += (text.empty() ? "" : " ") + option.names.back();
    }
    return text;
}

}  // namespace

std::string render_bash_completion(const std::vector<HelpPage>& commands) {
    std::string steps;
    std::string words;
    for (const auto& [before, next] : next_words(commands)) {
        for (const std::string& word : next) {
            steps += fmt::format("{}'{}:{}'", steps.empty() ? "" : "|", before, word);
        }
        const std::string more = before.empty() ? " --help --version" : "";
        words += fmt::format(
            "        '{}:') choices=(-W '{}{}') ;;\n", before, fmt::join(next, " "), more);
    }
    std::string values;
    std::string options;
    for (const HelpPage& page : commands) {
        values += option_cases(page);
        options += fmt::format(
            "        '{}:') choices=(-W '{}') ;;\n", command_of(page), option_words(page));
    }
    return fmt::format(R"(# bash completion for cordwainer
_cordwainer() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD - 1]}}"
    local command='' word choices=()
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD - 1}}"; do
        case "$command:$word" in
        {}) command="${{command:+$command }}$word" ;;
        *) break ;;
        esac
    done
    case "$command:$previous" in
{}    esac
    if [ ${{#choices[@]}} -eq 0 ]; then
        case "$command:" in
{}        esac
        case "$current" in
        -*) case "$command:" in
{}        esac ;;
        esac
        [ ${{#choices[@]}} -eq 0 ] && choices=(-f)
    fi
    mapfile -t COMPREPLY < <(compgen "${{choices[@]}}" -- "$current")
}}
complete -o filenames -F _cordwainer cordwainer
)",
                       steps,
                       values,
                       words,
                       options);
}

}  // namespace cordwainer::cli

#include "cli/command_line.h"

// The one file that knows CLI11, whose header takes a compiler as long as ten of ours.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <limits>
#include <type_traits>

#include "core/nearest.h"

namespace cordwainer::cli {
namespace {

// The largest number that a target holds; nothing where it holds none.
std::optional<std::uint64_t> largest_number(const OptionTarget& target) {
    if (std::holds_alternative<unsigned*>(target) ||
        std::holds_alternative<std::optional<unsigned>*>(target)) {
        return std::numeric_limits<unsigned>::max();
    }
    if (std::holds_alternative<std::optional<std::uint64_t>*>(target) ||
        std::holds_alternative<std::vector<std::uint64_t>*>(target)) {
        return std::numeric_limits<std::uint64_t>::max();
    }
    return std::nullopt;
}

// What is wrong with a number, "" for nothing. CLI11 takes "-1", and one that is too large, for the
// largest there is.
std::string wrong_number(const std::string& word, std::uint64_t largest) {
    std::uint64_t number = 0;
    const char* end = word.data() + word.size();
    const auto read = std::from_chars(word.data(), end, number);
    if (read.ec == std::errc() && read.ptr == end && number <= largest) return "";
    return fmt::format("must be a number from 0 to {}, not \"{}\"", largest, word);
}

class Reader {
  public:
    explicit Reader(const std::vector<Option>& options) : options_(options) {
        app_.set_help_flag();
        app_.allow_extras();
        for (const Option& option : options) added_.push_back(add(option));
    }

    CommandLine read(const std::string& name,
                     const std::vector<std::string>& one_of,
                     std::vector<std::string> words) {
        std::ranges::reverse(words);  // as CLI11 takes them
        std::optional<std::string> wrong;
        try {
            app_.parse(words);
        } catch (const CLI::CallForHelp&) {
            return {.help = true};
        } catch (const CLI::ParseError& error) {
            wrong = error.what();
        }
        CommandLine line{.wrong = unknown_words(name)};
        if (!line.wrong) line.wrong = wrong_value();
        if (!line.wrong) line.wrong = wrong;
        if (!line.wrong) line.wrong = wrong_together(one_of);
        return line;
    }

  private:
    CLI::Option* add(const Option& option) {
        const std::string names = fmt::format("{}", fmt::join(option.names, ","));
        CLI::Option* added = std::visit(
            [&]<class Target>(Target target) -> CLI::Option* {
                if constexpr (std::is_same_v<Target, std::monostate>) {
                    return app_.set_help_flag(names, option.meaning);
                } else if constexpr (std::is_same_v<Target, bool*>) {
                    return app_.add_flag(names, *target);
                } else {
                    return app_.add_option(names, *target);
                }
            },
            option.target);
        if (option.required) added->required();
        // An option that may be given several times takes one value each time.
        if (!option.is_argument() && !option.value.empty()) added->allow_extra_args(false);
        if (!option.values.empty()) added->check(CLI::IsMember(option.values));
        if (const auto largest = largest_number(option.target)) {
            added->check(
                [largest](const std::string& word) { return wrong_number(word, *largest); });
        }
        if (option.range) added->check(CLI::Range(option.range->first, option.range->second));
        if (option.check) added->check(option.check);
        return added;
    }

    [[nodiscard]] bool given(const std::string& name) const {
        const CLI::Option* option = app_.get_option_no_throw(name);
        return option && option->count() > 0;
    }

    // What CLI11 could not place: an unknown option or an argument too many.
    [[nodiscard]] std::optional<std::string> unknown_words(const std::string& name) const {
        const std::vector<std::string> remaining = app_.remaining();
        std::vector<std::string> names;
        bool has_arguments = false;
        for (const Option& option : options_) {
            has_arguments = has_arguments || option.is_argument();
            if (!option.is_argument()) {
                names.insert(names.end(), option.names.begin(), option.names.end());
            }
        }
        for (const std::string& word : remaining) {
            if (word.size() < 2 || word[0] != '-' || word == "--") continue;
            const std::string option = word.substr(0, word.find('='));
            return fmt::format("{} has no option {}{}", name, option, did_you_mean(option, names));
        }
        for (const std::string& word : remaining) {
            if (word == "--") continue;
            return has_arguments
                       ? fmt::format("{} takes no further argument \"{}\"", name, word)
                       : fmt::format("{} takes no argument, but there is \"{}\"", name, word);
        }
        return std::nullopt;
    }

    // An option whose value is not one of the allowed ones.
    [[nodiscard]] std::optional<std::string> wrong_value() const {
        for (std::size_t i = 0; i < options_.size(); ++i) {
            const Option& option = options_[i];
            if (option.values.empty()) continue;
            for (const std::string& value : added_[i]->results()) {
                if (std::ranges::count(option.values, value) > 0) continue;
                return fmt::format("{} must be one of {}, not \"{}\"{}",
                                   option.names.back(),
                                   fmt::join(option.values, ", "),
                                   value,
                                   did_you_mean(value, option.values));
            }
        }
        return std::nullopt;
    }

    // Options of which each is right, but not beside, or not without, another.
    [[nodiscard]] std::optional<std::string> wrong_together(
        const std::vector<std::string>& one_of) const {
        for (std::size_t i = 0; i < options_.size(); ++i) {
            const Option& option = options_[i];
            if (added_[i]->count() == 0) continue;
            const std::string& name = option.names.back();
            for (const Exclusion& other : option.excludes) {
                if (!given(other.name)) continue;
                return fmt::format("{} and {} cannot be given together{}",
                                   other.name,
                                   name,
                                   other.why.empty() ? "" : ": " + other.why);
            }
            if (!option.needs.empty() && !given(option.needs)) {
                return fmt::format("{} needs {} beside it", name, option.needs);
            }
        }
        const bool has_one = one_of.empty() || std::ranges::any_of(one_of, [&](const auto& name) {
                                 return given(name);
                             });
        if (has_one) return std::nullopt;
        return fmt::format("one of {} is required", fmt::join(one_of, ", "));
    }

    const std::vector<Option>& options_;
    CLI::App app_;
    std::vector<CLI::Option*> added_;  // of each of options_
};

}  // namespace

CommandLine read_command_line(const std::string& name,
                              const std::vector<Option>& options,
                              const std::vector<std::string>& one_of,
                              std::vector<std::string> words) {
    return Reader(options).read(name, one_of, std::move(words));
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
    const auto best = nearest(word, candidates);
    return best ? fmt::format("; did you mean {}?", *best) : "";
}

}  // namespace cordwainer::cli

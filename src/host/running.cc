#include "host/running.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/bytes.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

using Arguments = std::vector<std::string>;

// The arguments as Linux reads them (lib/cmdline.c, next_arg): white space divides them, double
// quotes hold them together and go. GRUB moves quotes inside of an argument.
Arguments arguments_of(std::string_view command_line) {
    Arguments arguments;
    std::string argument;
    bool quoted = false;
    for (const char c : command_line) {
        const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
        if (c == '"') {
            quoted = !quoted;
        } else if (quoted || !blank) {
            argument += c;
        } else if (!argument.empty()) {
            arguments.push_back(std::exchange(argument, ""));
        }
    }
    if (!argument.empty()) arguments.push_back(std::move(argument));
    return arguments;
}

// Without what boot loaders add on their own.
Arguments without_loaders(Arguments arguments) {
    std::erase_if(arguments, [](const std::string& argument) {
        return argument.starts_with("BOOT_IMAGE=") || argument.starts_with("initrd=");
    });
    return arguments;
}

// The value of the last argument with one of these names; each name ends in "=".
std::optional<std::string> value_of(const Arguments& arguments,
                                    std::initializer_list<std::string_view> names) {
    for (auto argument = arguments.rbegin(); argument != arguments.rend(); ++argument) {
        for (const std::string_view name : names) {
            if (argument->starts_with(name)) return argument->substr(name.size());
        }
    }
    return std::nullopt;
}

// The system that Guix's boot is told: what is activated, and what is started.
struct GuixSystem {
    std::optional<std::string> system;
    std::optional<std::string> load;  // without "/boot"
};

GuixSystem guix_system(const Arguments& arguments) {
    GuixSystem told{.system = value_of(arguments, {"gnu.system=", "--system="}),
                    .load = value_of(arguments, {"gnu.load=", "--load="})};
    constexpr std::string_view kBoot = "/boot";
    if (told.load && told.load->ends_with(kBoot)) {
        told.load->resize(told.load->size() - kBoot.size());
    }
    return told;
}

using Is = std::function<bool(const Generation&)>;

// Those that `is` is true for; `told` is what the kernel was started with.
Running all_that(const Generations& generations, const std::string& told, const Is& is) {
    Running found;
    for (const Generation& generation : generations.list) {
        if (is(generation)) found.numbers.push_back(generation.number);
    }
    if (found.numbers.empty()) {
        found.why = "the kernel was started with " + told + ", which no generation has";
    } else if (found.numbers.size() > 1) {
        found.why = "several generations have what the kernel was started with, " + told;
    }
    return found;
}

// The same for what a later generation may have again, as a number.
Running all_called(const Generations& generations,
                   const BootedKernel& booted,
                   const std::string& told,
                   const Is& is) {
    Running found = all_that(generations, told, is);
    for (const Generation& generation : generations.list) {
        const bool newer = booted.started && generation.created > *booted.started;
        if (!newer || !is(generation)) continue;
        found.why = "generation " + std::to_string(generation.number) +
                    " was made after the system was started, so that its number was used again";
    }
    return found;
}

Running by_system(const Generations& generations,
                  const BootedKernel& booted,
                  const std::string& told) {
    const auto same_item = [&](const Generation& generation) {
        return generation.identity == told;
    };
    if (std::ranges::any_of(generations.list, same_item)) {
        return all_that(generations, told, same_item);
    }
    return all_called(generations, booted, told, [&](const Generation& generation) {
        return guix_system(arguments_of(generation.parameters.command_line)).system == told;
    });
}

// Where the two parts of Guix's boot were told different systems.
Running by_two_systems(const Generations& generations,
                       const BootedKernel& booted,
                       const std::string& system,
                       const std::string& load) {
    Running found = by_system(generations, booted, system);
    std::ranges::copy(by_system(generations, booted, load).numbers,
                      std::back_inserter(found.numbers));
    std::ranges::sort(found.numbers);
    const auto doubled = std::ranges::unique(found.numbers);
    found.numbers.erase(doubled.begin(), doubled.end());
    found.why = "the kernel was told two systems, " + system + " and " + load;
    return found;
}

// A file of /proc, whose sizes say nothing.
Result<std::string> read_proc(const Root& root, const std::string& path) {
    const Fd fd = TRY(root.open_file(path));
    const Bytes bytes = TRY(read_rest(fd, root.outside(path)));
    return to_text(bytes);
}

// "btime SECONDS" in the text of /proc/stat.
std::optional<std::int64_t> start_in(const std::string& statistics) {
    constexpr std::string_view kName = "\nbtime ";
    const std::size_t place = statistics.find(kName);
    if (place == std::string::npos) return std::nullopt;
    std::int64_t seconds = 0;
    const char* begin = statistics.data() + place + kName.size();
    const auto [stop, failed] =
        std::from_chars(begin, statistics.data() + statistics.size(), seconds);
    return failed == std::errc() ? std::optional(seconds) : std::nullopt;
}

}  // namespace

Result<std::optional<BootedKernel>> read_booted(const Root& root) {
    Result<std::string> line = read_proc(root, "/proc/cmdline");
    if (!line && line.error().code == Errc::not_found) return std::nullopt;
    if (!line) return std::move(line).error();
    BootedKernel booted{.command_line = *std::move(line)};
    while (booted.command_line.ends_with('\n')) booted.command_line.pop_back();
    const Result<std::string> statistics = read_proc(root, "/proc/stat");
    if (statistics) booted.started = start_in(*statistics);
    return booted;
}

Running running_generation(const Generations& generations, const BootedKernel& booted) {
    const Arguments arguments = arguments_of(booted.command_line);
    const auto [system, load] = guix_system(arguments);
    if (system && load && *system != *load) {
        return by_two_systems(generations, booted, *system, *load);
    }
    if (system || load) return by_system(generations, booted, system ? *system : *load);
    if (const auto number = value_of(arguments, {"cordwainer.generation="})) {
        return all_called(generations,
                          booted,
                          "cordwainer.generation=" + *number,
                          [&](const Generation& generation) {
                              return std::to_string(generation.number) == *number;
                          });
    }
    const Arguments told = without_loaders(arguments);
    return all_called(
        generations,
        booted,
        "the command line \"" + booted.command_line + "\"",
        [&](const Generation& generation) {
            return without_loaders(arguments_of(generation.parameters.command_line)) == told;
        });
}

}  // namespace cordwainer

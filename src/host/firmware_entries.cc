#include "host/firmware_entries.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "core/bytes.h"

namespace cordwainer {
namespace {

constexpr const char* kOrder = "BootOrder";
constexpr const char* kNext = "BootNext";

std::string variable_of(std::uint16_t number) {
    return fmt::format("Boot{:04X}", number);
}

// The number of "Boot01AF"; nothing for other names.
std::optional<std::uint16_t> number_of(const std::string& variable) {
    constexpr std::size_t kPrefix = 4;
    constexpr std::size_t kDigits = 4;
    if (!variable.starts_with("Boot") || variable.size() != kPrefix + kDigits) return std::nullopt;
    unsigned number = 0;
    for (const char c : variable.substr(kPrefix)) {
        const bool digit = c >= '0' && c <= '9';
        if (!digit && (c < 'A' || c > 'F')) return std::nullopt;
        number = number << 4U | static_cast<unsigned>(digit ? c - '0' : c - 'A' + 10);
    }
    return static_cast<std::uint16_t>(number);
}

bool names(const LoadOption& option, const EfiProgram& program) {
    return option.program && option.program->partition.is(program.partition) &&
           same_efi_path(option.program->path, program.path);
}

}  // namespace

Result<BootEntries> read_boot_entries(const FirmwareVariables& variables) {
    BootEntries entries;
    const std::vector<std::string> all = TRY(variables.names(kEfiGlobal));
    for (const std::string& name : all) {
        const auto number = number_of(name);
        if (!number) continue;
        const Result<std::optional<Bytes>> value = variables.read(name, kEfiGlobal);
        if (!value && value.error().code != Errc::corrupt) return value.error();
        if (value && !*value) continue;
        Result<LoadOption> option = value ? parse_load_option(**value) : value.error();
        if (option) {
            entries.known.push_back({.number = *number, .option = *std::move(option)});
        } else {
            entries.unreadable.push_back(*number);
        }
    }
    return entries;
}

Result<std::vector<std::uint16_t>> read_boot_order(const FirmwareVariables& variables) {
    const std::optional<Bytes> value = TRY(variables.read(kOrder, kEfiGlobal));
    std::vector<std::uint16_t> order;
    if (!value) return order;
    if (value->size() % 2 != 0) {
        return Error(Errc::corrupt, "the firmware's BootOrder is no list of entries");
    }
    for (std::size_t at = 0; at < value->size(); at += 2) order.push_back(*le16_at(*value, at));
    return order;
}

Result<bool> LiveFirmwareEntries::has(const FirmwareEntry& entry) {
    TRY_VOID(variables_.check());
    const EfiProgram wanted = TRY(program(entry.target, entry.path));
    const BootEntries entries = TRY(read_boot_entries(variables_));
    const std::vector<std::uint16_t> order = TRY(read_boot_order(variables_));
    return std::ranges::any_of(entries.known, [&](const BootEntry& candidate) {
        return names(candidate.option, wanted) && std::ranges::count(order, candidate.number) != 0;
    });
}

Result<bool> LiveFirmwareEntries::ensure(const FirmwareEntry& entry) {
    TRY_VOID(variables_.check());
    const EfiProgram wanted = TRY(program(entry.target, entry.path));
    const BootEntries entries = TRY(read_boot_entries(variables_));
    std::vector<std::uint16_t> order = TRY(read_boot_order(variables_));
    const auto in_order = [&](std::uint16_t number) {
        return std::ranges::count(order, number) != 0;
    };
    // Of several the one that the firmware tries.
    std::optional<std::uint16_t> number;
    for (const BootEntry& candidate : entries.known) {
        if (!names(candidate.option, wanted)) continue;
        if (!number || (!in_order(*number) && in_order(candidate.number))) {
            number = candidate.number;
        }
    }
    const bool made = !number;
    if (made) number = TRY(add(entry.title, wanted, order));
    const bool listed = in_order(*number);
    if (!listed) {
        const auto previous = previous_ ? std::ranges::find(order, *previous_) : order.end();
        order.insert(previous == order.end() ? order.begin() : previous + 1, *number);
        const Result<void> written = write_order(order);
        if (!written && made) {
            // Else the next run would find it.
            [[maybe_unused]] const Result<void> removed =
                variables_.remove(variable_of(*number), kEfiGlobal);
        }
        if (!written) return written.error();
    }
    previous_ = number;
    return made || !listed;
}

Result<bool> LiveFirmwareEntries::forget(const TargetId& target, const RelPath& path) {
    if (!variables_.check()) return false;
    const EfiProgram gone = TRY(program(target, path));
    bool some = false;
    const BootEntries entries = TRY(read_boot_entries(variables_));
    for (const BootEntry& entry : entries.known) {
        if (!names(entry.option, gone)) continue;
        TRY_VOID(remove(entry.number));
        some = true;
    }
    return some;
}

Result<void> LiveFirmwareEntries::remove(std::uint16_t number) {
    const std::optional<Bytes> next = TRY(variables_.read(kNext, kEfiGlobal));
    if (next && le16_at(*next, 0) == number) TRY_VOID(variables_.remove(kNext, kEfiGlobal));
    std::vector<std::uint16_t> order = TRY(read_boot_order(variables_));
    if (std::erase(order, number) > 0) TRY_VOID(write_order(order));
    return variables_.remove(variable_of(number), kEfiGlobal);
}

Result<EfiProgram> LiveFirmwareEntries::program(const TargetId& target, const RelPath& path) {
    auto place = known_.find(target);
    if (place == known_.end()) {
        place = known_.emplace(target, TRY(places_(target))).first;
    }
    const std::string& directory = place->second.directory;
    return EfiProgram{.partition = place->second.partition,
                      .path = directory.empty() ? path.text() : directory + "/" + path.text()};
}

Result<std::uint16_t> LiveFirmwareEntries::add(const std::string& title,
                                               const EfiProgram& program,
                                               const std::vector<std::uint16_t>& order) {
    std::set<std::uint16_t> used(order.begin(), order.end());
    const std::vector<std::string> all = TRY(variables_.names(kEfiGlobal));
    for (const std::string& name : all) {
        if (const auto number = number_of(name)) used.insert(*number);
    }
    std::uint16_t number = 0;
    while (used.contains(number)) {
        if (number == 0xffff) return Error(Errc::no_space, "the firmware has no number left");
        ++number;
    }
    TRY_VOID(variables_.write(variable_of(number), kEfiGlobal, render_load_option(title, program)));
    return number;
}

Result<void> LiveFirmwareEntries::write_order(const std::vector<std::uint16_t>& order) {
    // A variable without a value is none.
    if (order.empty()) return variables_.remove(kOrder, kEfiGlobal);
    Bytes value(2 * order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        static_cast<void>(put_le(value, 2 * i, 2, order[i]));
    }
    return variables_.write(kOrder, kEfiGlobal, value);
}

}  // namespace cordwainer

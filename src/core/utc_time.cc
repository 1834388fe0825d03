#include "core/utc_time.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace cordwainer {
namespace {

constexpr std::string_view kShape = "9999-99-99T99:99:99Z";
constexpr std::int64_t kFirst = -62167219200;  // 0000-01-01T00:00:00Z
constexpr std::int64_t kLast = 253402300799;   // 9999-12-31T23:59:59Z
constexpr std::int64_t kDay = 86400;

std::string digits(std::int64_t value, std::size_t width) {
    const std::string text = std::to_string(value);
    return std::string(width - std::min(width, text.size()), '0') + text;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

std::string utc_text(std::int64_t seconds) {
    const std::int64_t shown = std::clamp(seconds, kFirst, kLast);
    const std::int64_t day = (shown - kFirst) / kDay + kFirst / kDay;  // rounded down
    const std::int64_t second = shown - day * kDay;
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    return digits(static_cast<int>(date.year()), 4) + "-" +
           digits(static_cast<unsigned>(date.month()), 2) + "-" +
           digits(static_cast<unsigned>(date.day()), 2) + "T" + digits(second / 3600, 2) + ":" +
           digits(second / 60 % 60, 2) + ":" + digits(second % 60, 2) + "Z";
}

std::optional<std::int64_t> parse_utc(std::string_view text) {
    if (text.size() != kShape.size()) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (kShape[i] == '9' ? !is_digit(text[i]) : text[i] != kShape[i]) return std::nullopt;
    }
    const auto number = [&](std::size_t start, std::size_t width) {
        unsigned value = 0;
        for (const char c : text.substr(start, width)) {
            value = value * 10 + static_cast<unsigned>(c - '0');
        }
        return value;
    };
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number(0, 4))),
                                           std::chrono::month(number(5, 2)),
                                           std::chrono::day(number(8, 2))};
    const std::int64_t hour = number(11, 2);
    const std::int64_t minute = number(14, 2);
    const std::int64_t second = number(17, 2);
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const std::int64_t day = std::chrono::sys_days(date).time_since_epoch().count();
    return day * kDay + hour * 3600 + minute * 60 + second;
}

}  // namespace cordwainer

// Sizes as a layout writes them, and as messages show them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cordwainer::image {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kSector = 512;  // bytes; every image has sectors of this size

// The size of a partition.
struct Size {
    enum class Kind {
        fixed,    // `bytes`
        content,  // what its content needs, and `bytes` and `percent` of that more
        rest,     // what the other partitions of an image of fixed size leave
    };
    Kind kind = Kind::fixed;
    std::uint64_t bytes = 0;
    unsigned percent = 0;

    bool operator==(const Size&) const = default;
};

// "64MiB": a whole number and one of B, KiB, MiB, GiB, TiB; less than 2^62 bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);

// "64MiB", "content", "content + 20%", "content + 64MiB" or "rest".
[[nodiscard]] std::optional<Size> parse_size(std::string_view text);

// `value` / `by`, rounded up; `by` is not 0.
[[nodiscard]] constexpr std::uint64_t divide_up(std::uint64_t value, std::uint64_t by) {
    return (value + by - 1) / by;
}

// `value` rounded up to a multiple of `step`, which is not 0.
[[nodiscard]] constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) {
    return divide_up(value, step) * step;
}

// "123 MiB", rounded up.
[[nodiscard]] std::string mib_text(std::uint64_t bytes);

}  // namespace cordwainer::image

// SHA-256 (FIPS 180-4) and the digest that names every piece of boot data.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace cordwainer {

// A SHA-256 digest.
struct Digest {
    std::array<std::byte, 32> bytes{};

    auto operator<=>(const Digest&) const = default;

    // 64 lower-case hexadecimal digits.
    [[nodiscard]] std::string hex() const;

    // Reads exactly 64 hexadecimal digits of either case.
    [[nodiscard]] static std::optional<Digest> from_hex(std::string_view hex);
};

// Hashes a stream piece by piece.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(ByteView bytes);

    // The digest of everything given so far; the object must not be used afterwards.
    [[nodiscard]] Digest finish();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

[[nodiscard]] Digest sha256(ByteView bytes);
[[nodiscard]] Digest sha256(std::string_view text);

}  // namespace cordwainer

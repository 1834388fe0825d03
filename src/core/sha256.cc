// The install side's SHA-256: Nettle's, which uses the processor's instructions and takes no time
// to load, which matters to a program that has often nothing to do.
#include "core/sha256.h"

#include <nettle/sha2.h>

namespace cordwainer {

struct Sha256::Context {
    sha256_ctx nettle{};
};

namespace {

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return std::nullopt;
}

}  // namespace

std::string Digest::hex() const {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (const std::byte b : bytes) {
        text += kDigits[std::to_integer<std::size_t>(b >> 4)];
        text += kDigits[std::to_integer<std::size_t>(b & std::byte{15})];
    }
    return text;
}

std::optional<Digest> Digest::from_hex(std::string_view hex) {
    Digest digest;
    if (hex.size() != 2 * digest.bytes.size()) return std::nullopt;
    for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
        const std::optional<unsigned> high = hex_digit(hex[2 * i]);
        const std::optional<unsigned> low = hex_digit(hex[2 * i + 1]);
        if (!high || !low) return std::nullopt;
        digest.bytes[i] = static_cast<std::byte>(*high << 4 | *low);
    }
    return digest;
}

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    sha256_init(&context_->nettle);
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) {
    sha256_update(
        &context_->nettle, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

Digest Sha256::finish() {
    Digest digest;
    sha256_digest(&context_->nettle,
                  digest.bytes.size(),
                  reinterpret_cast<std::uint8_t*>(digest.bytes.data()));
    return digest;
}

Digest sha256(ByteView bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

Digest sha256(std::string_view text) {
    return sha256(as_bytes(text));
}

}  // namespace cordwainer

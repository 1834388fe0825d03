// The install side's SHA-256: OpenSSL's libcrypto.
#include "core/sha256.h"

#include <cstdlib>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace cordwainer {

struct Sha256::Context {
    EVP_MD_CTX* evp = EVP_MD_CTX_new();

    Context() = default;

    ~Context() { EVP_MD_CTX_free(evp); }

    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    Context(Context&&) = delete;
    Context& operator=(Context&&) = delete;
};

namespace {

// libcrypto's SHA-256 fails only for want of memory, which no caller could handle.
void check(int ok) {
    if (ok != 1) std::abort();
}

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
    // The machine's openssl.cnf, which would be read now, may leave SHA-256 out.
    static const int ready = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    check(ready);
    check(EVP_DigestInit_ex(context_->evp, EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) {
    check(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()));
}

Digest Sha256::finish() {
    Digest digest;
    check(EVP_DigestFinal_ex(
        context_->evp, reinterpret_cast<unsigned char*>(digest.bytes.data()), nullptr));
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

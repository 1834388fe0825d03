#include "image/xts.h"

#include <array>
#include <memory>
#include <openssl/evp.h>

namespace cordwainer::image {
namespace {

constexpr std::size_t kBlock = 512;

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// libcrypto takes pointers to unsigned char.
const unsigned char* raw(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* raw(std::span<std::byte> bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

Result<void> encrypt_xts(std::span<std::byte> data,
                         ByteView key,
                         std::uint64_t first_block,
                         std::size_t sector_size) {
    constexpr std::size_t kLongKey = 64;
    const EVP_CIPHER* cipher = key.size() == kLongKey ? EVP_aes_256_xts() : EVP_aes_128_xts();
    const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
    bool good =
        context && EVP_EncryptInit_ex(context.get(), cipher, nullptr, raw(key), nullptr) == 1;
    std::uint64_t block = first_block;
    for (std::size_t at = 0; good && at < data.size(); at += sector_size) {
        std::array<std::byte, 16> tweak{};
        (void)put_le(tweak, 0, 8, block);
        block += sector_size / kBlock;
        const std::span<std::byte> sector = data.subspan(at, sector_size);
        int size = 0;
        good = EVP_EncryptInit_ex(context.get(), nullptr, nullptr, nullptr, raw(ByteView(tweak))) ==
                   1 &&
               EVP_EncryptUpdate(context.get(),
                                 raw(sector),
                                 &size,
                                 raw(ByteView(sector)),
                                 static_cast<int>(sector_size)) == 1;
    }
    if (good) return {};
    return Error{Errc::unsupported, "libcrypto cannot encrypt with AES in XTS mode"};
}

}  // namespace cordwainer::image

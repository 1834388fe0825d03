#include "image/xts.h"

#include <array>
#include <cstring>
#include <nettle/xts.h>

namespace cordwainer::image {
namespace {

constexpr std::size_t kUnit = 512;
constexpr std::size_t kShortKey = 32;  // two AES-128 keys
constexpr std::size_t kLongKey = 64;   // two AES-256 keys

// Nettle takes pointers to uint8_t.
const std::uint8_t* raw(ByteView bytes) {
    return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

std::uint8_t* raw(std::span<std::byte> bytes) {
    return reinterpret_cast<std::uint8_t*>(bytes.data());
}

// `encrypt` encrypts one sector in place, under its tweak.
template <class Encrypt>
void each_sector(std::span<std::byte> data,
                 std::uint64_t first_block,
                 std::size_t sector_size,
                 Encrypt encrypt) {
    std::uint64_t block = first_block;
    for (std::size_t at = 0; at < data.size(); at += sector_size) {
        std::array<std::byte, XTS_BLOCK_SIZE> tweak{};
        (void)put_le(tweak, 0, 8, block);
        block += sector_size / kUnit;
        encrypt(raw(ByteView(tweak)), raw(data.subspan(at, sector_size)));
    }
}

}  // namespace

Result<void> encrypt_xts(std::span<std::byte> data,
                         ByteView key,
                         std::uint64_t first_block,
                         std::size_t sector_size) {
    if (key.size() == kLongKey) {
        xts_aes256_key schedule{};
        xts_aes256_set_encrypt_key(&schedule, raw(key));
        each_sector(data, first_block, sector_size, [&](const auto* tweak, auto* sector) {
            xts_aes256_encrypt_message(&schedule, tweak, sector_size, sector, sector);
        });
        ::explicit_bzero(&schedule, sizeof schedule);
        return {};
    }
    if (key.size() == kShortKey) {
        xts_aes128_key schedule{};
        xts_aes128_set_encrypt_key(&schedule, raw(key));
        each_sector(data, first_block, sector_size, [&](const auto* tweak, auto* sector) {
            xts_aes128_encrypt_message(&schedule, tweak, sector_size, sector, sector);
        });
        ::explicit_bzero(&schedule, sizeof schedule);
        return {};
    }
    return Error{Errc::unsupported, "AES in XTS mode takes no key of this length"};
}

}  // namespace cordwainer::image

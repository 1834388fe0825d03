#include "image/identity.h"

#include <array>
#include <span>

#include "core/bytes.h"

namespace cordwainer::image {
namespace {

Uuid uuid_of(const Digest& digest) {
    std::array<std::byte, 16> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes.at(i) = digest.bytes.at(i);
    bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x80};  // version 8
    bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};  // the variant of RFC 9562
    return *Uuid::from_bytes(Uuid::Kind::dce, bytes);
}

}  // namespace

Identities::Identities(std::string_view canonical) : seed_(sha256(canonical)) {}

Digest Identities::derive(std::string_view role) const {
    return sha256("cordwainer image 1\n" + seed_.hex() + "\n" + std::string(role));
}

Uuid Identities::uuid(std::string_view role) const {
    return uuid_of(derive(role));
}

Uuid Identities::fat_uuid(std::string_view role) const {
    std::array<std::byte, 4> bytes{};
    (void)put_le(bytes, 0, 4, disk_id(role));
    return *Uuid::from_bytes(Uuid::Kind::fat, bytes);
}

std::uint32_t Identities::disk_id(std::string_view role) const {
    const Digest digest = derive(role);
    return le32_at(digest.bytes, 0).value_or(0) | 1U;
}

Uuid uuid_from(const Uuid& uuid, std::string_view role) {
    return uuid_of(sha256(uuid.text() + "\n" + std::string(role)));
}

}  // namespace cordwainer::image

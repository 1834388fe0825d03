// The identifiers that file systems carry, in the notation that udev, blkid and GRUB share.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace cordwainer {

// A file-system, partition, partition-table or container identifier. Two are equal when their
// canonical texts are: kind and text determine each other.
class Uuid {
  public:
    enum class Kind {
        dce,      // 16 bytes (RFC 4122): "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3", lower case
        fat,      // 4-byte volume serial number, stored little-endian: "1C31-A17C"
        ntfs,     // 8-byte volume serial number, stored little-endian: "A0B1C2D3E4F50617"
        iso9660,  // 16 ASCII digits: "2026-11-22-10-00-00-00"
    };

    [[nodiscard]] Kind kind() const { return kind_; }

    // Canonical text: what blkid prints, and GRUB's `search --fs-uuid` compares with.
    [[nodiscard]] const std::string& text() const { return text_; }

    // The text without dashes: GRUB's `cryptomount -u` wants it so.
    [[nodiscard]] std::string without_dashes() const;

    // From the bytes as they are stored on the volume; nothing when their count (16, 4, 8, 16) or,
    // for iso9660, a digit is wrong.
    [[nodiscard]] static std::optional<Uuid> from_bytes(Kind kind, ByteView bytes);

    // Recognises each notation above, in either case, by its shape.
    [[nodiscard]] static std::optional<Uuid> parse(std::string_view text);

    auto operator<=>(const Uuid&) const = default;

  private:
    Uuid(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}

    Kind kind_;
    std::string text_;
};

}  // namespace cordwainer

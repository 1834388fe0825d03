// Identifiers that follow from a layout: the same layout and date give the same ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/sha256.h"
#include "core/uuid.h"

namespace cordwainer::image {

// Derives an identifier for each part of an image from one digest of the layout.
class Identities {
  public:
    // `canonical`: everything of the layout that a reader of the image could notice.
    explicit Identities(std::string_view canonical);

    // A 16-byte UUID (RFC 9562, version 8: its bits follow the maker's own rule). `role` says what
    // it is for: "disk", "partition 2", "partition 2 file system".
    [[nodiscard]] Uuid uuid(std::string_view role) const;

    // A FAT volume serial number, never 0.
    [[nodiscard]] Uuid fat_uuid(std::string_view role) const;

    // An MBR disk identifier, never 0.
    [[nodiscard]] std::uint32_t disk_id(std::string_view role) const;

  private:
    [[nodiscard]] Digest derive(std::string_view role) const;

    Digest seed_;
};

// A UUID that follows from another one, for what a file system wants besides its own ("hash seed").
[[nodiscard]] Uuid uuid_from(const Uuid& uuid, std::string_view role);

}  // namespace cordwainer::image

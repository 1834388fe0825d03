// The object store in the state directory: realised bytes by their SHA-256, and which object a
// recipe has made (docs/formats.md):
//
//   STATE/objects/DIGEST   the bytes
//   STATE/recipes/KEY      "DIGEST SIZE\n": the object that the recipe of this key made
#pragma once

#include <filesystem>
#include <optional>

#include "core/bytes.h"
#include "core/error.h"
#include "core/sha256.h"
#include "model/source.h"

namespace cordwainer {

class ObjectStore {
  public:
    enum class Durability {
        durable,  // each object is on the medium before its name is: a live system's state
        fast,     // no flushing: a state directory inside a tree that becomes an image
    };

    ObjectStore(std::filesystem::path state, Durability durability)
        : state_(std::move(state)), durability_(durability) {}

    // Where the object of this digest is, or would be. host/host_contents.h reads it there.
    [[nodiscard]] std::filesystem::path path(const Digest& digest) const;

    // Whether the object is there with its size. Its bytes are not read.
    [[nodiscard]] bool has(const ObjectRef& object) const;

    // Puts bytes into the store; an object that is there already is left as it is.
    [[nodiscard]] Result<ObjectRef> add(ByteView bytes);

    // Copies a file into the store; corrupt where its bytes do not have the digest.
    [[nodiscard]] Result<ObjectRef> add_file(const std::filesystem::path& from,
                                             const Digest& digest);

    // What the recipe of this key has made, if that object is still there with its size.
    [[nodiscard]] Result<std::optional<ObjectRef>> made_by(const Digest& key) const;

    // Notes what the recipe of this key has made.
    [[nodiscard]] Result<void> note(const Digest& key, const ObjectRef& object);

  private:
    [[nodiscard]] Result<void> put(const std::filesystem::path& place, ByteView bytes);

    std::filesystem::path state_;
    Durability durability_;
};

}  // namespace cordwainer

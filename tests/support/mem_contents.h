// Sources in memory: a path is made up for each, and MemFiles reads it here.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "model/contents.h"

namespace cordwainer::test {

class MemContents : public Contents {
  public:
    // Adds an object with these bytes.
    ObjectRef add(std::string_view text) {
        const Digest digest = sha256(text);
        bytes_[path_of(digest)] = Bytes(as_bytes(text).begin(), as_bytes(text).end());
        return {.digest = digest, .size = text.size()};
    }

    // Gives the object other bytes than its digest says.
    void spoil(const ObjectRef& object) { bytes_[path_of(object.digest)][0] ^= std::byte{1}; }

    void forget(const ObjectRef& object) { bytes_.erase(path_of(object.digest)); }

    Result<std::filesystem::path> locate(const RealisedSource& source) override {
        const std::string path = path_of(digest_of(source));
        if (!bytes_.contains(path)) return Error(Errc::not_found, path + " is not there");
        ++located;
        return std::filesystem::path(path);
    }

    Result<Bytes> read(const RealisedSource& source) override {
        const std::filesystem::path path = TRY(locate(source));
        const Bytes& bytes = at(path);
        if (sha256(bytes) != digest_of(source)) return Error(Errc::corrupt, "wrong digest");
        return bytes;
    }

    [[nodiscard]] const Bytes& at(const std::filesystem::path& path) const {
        return bytes_.at(path.string());
    }

    int located = 0;

  private:
    static std::string path_of(const Digest& digest) { return "/mem/" + digest.hex(); }

    std::map<std::string, Bytes> bytes_;
};

}  // namespace cordwainer::test

#include "realise/object_store.h"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

// Far more than "DIGEST SIZE\n" ever takes.
constexpr std::uint64_t kNoteLimit = 256;

std::optional<std::uint64_t> size_of_file(const std::filesystem::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return static_cast<std::uint64_t>(status.st_size);
}

std::optional<ObjectRef> parse_note(std::string_view text) {
    constexpr std::size_t kHexDigits = 64;
    if (text.size() < kHexDigits + 3 || text[kHexDigits] != ' ' || text.back() != '\n')
        return std::nullopt;
    const auto digest = Digest::from_hex(text.substr(0, kHexDigits));
    const std::string_view number = text.substr(kHexDigits + 1, text.size() - kHexDigits - 2);
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), size);
    if (!digest || error != std::errc() || end != number.data() + number.size())
        return std::nullopt;
    return ObjectRef{.digest = *digest, .size = size};
}

Result<void> make_directories(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return file_error(error.value(), "make the directory " + path.string());
    return {};
}

}  // namespace

std::filesystem::path ObjectStore::path(const Digest& digest) const {
    return state_ / "objects" / digest.hex();
}

bool ObjectStore::has(const ObjectRef& object) const {
    return size_of_file(path(object.digest)) == object.size;
}

// In a tree that becomes an image nobody reads before it is complete, so the file may simply be
// written.
Result<void> ObjectStore::put(const std::filesystem::path& place, ByteView bytes) {
    TRY_VOID(make_directories(place.parent_path()));
    if (durability_ == Durability::durable) return write_durably(place, bytes);
    Fd fd = TRY(open_file(place, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    TRY_VOID(write_all(fd, bytes, place.string()));
    return fd.close(place.string());
}

Result<ObjectRef> ObjectStore::add(ByteView bytes) {
    const ObjectRef object{.digest = sha256(bytes), .size = bytes.size()};
    if (has(object)) return object;
    TRY_VOID(put(path(object.digest), bytes).with_context("store an object"));
    return object;
}

Result<ObjectRef> ObjectStore::add_file(const std::filesystem::path& from, const Digest& digest) {
    const Fd source = TRY(open_file(from, O_RDONLY));
    if (const auto size = size_of_file(from); size && has({.digest = digest, .size = *size}))
        return ObjectRef{.digest = digest, .size = *size};
    const std::filesystem::path place = path(digest);
    TRY_VOID(make_directories(place.parent_path()));
    std::string temporary = place.string() + ".XXXXXX";
    Fd copy(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!copy) return file_error(errno, "make a temporary file in " + place.parent_path().string());
    const auto fill = [&]() -> Result<std::uint64_t> {
        const CopiedBytes copied = TRY(copy_with_digest(source, from.string(), copy, temporary));
        if (copied.digest != digest) {
            return Error(Errc::corrupt,
                         from.string() + " has changed since it was read: its SHA-256 is " +
                             copied.digest.hex() + ", not " + digest.hex());
        }
        const bool flush = durability_ == Durability::durable;
        if (::fchmod(copy.get(), 0644) != 0 || (flush && ::fsync(copy.get()) != 0))
            return file_error(errno, "write " + temporary);
        TRY_VOID(copy.close(temporary));
        if (::rename(temporary.c_str(), place.c_str()) != 0)
            return file_error(errno, "rename " + temporary + " to " + place.string());
        if (flush) TRY_VOID(sync_directory(place.parent_path()));
        return copied.size;
    };
    const Result<std::uint64_t> size = fill();
    if (!size) {
        ::unlink(temporary.c_str());
        return Error(size.error()).with_context("store " + from.string() + " as an object");
    }
    return ObjectRef{.digest = digest, .size = *size};
}

Result<std::optional<ObjectRef>> ObjectStore::made_by(const Digest& key) const {
    const auto text = read_text_file(state_ / "recipes" / key.hex(), kNoteLimit);
    if (!text && text.error().code == Errc::not_found) return std::nullopt;
    if (!text) return text.error();
    // A note that a cut left half written is as good as none: the recipe is run again.
    const std::optional<ObjectRef> object = parse_note(*text);
    if (!object || !has(*object)) return std::nullopt;
    return object;
}

Result<void> ObjectStore::note(const Digest& key, const ObjectRef& object) {
    const std::string text = object.digest.hex() + " " + std::to_string(object.size) + "\n";
    return put(state_ / "recipes" / key.hex(), as_bytes(text)).with_context("note a recipe");
}

}  // namespace cordwainer

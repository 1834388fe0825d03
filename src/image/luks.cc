#include "image/luks.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/file_system_limits.h"
#include "image/sparse_copy.h"
#include "image/tool.h"
#include "image/xts.h"
#include "sys/file_io.h"
#include "sys/interrupt.h"

namespace cordwainer::image {
namespace {

// A random key that is wiped when it goes.
class VolumeKey {
  public:
    static Result<VolumeKey> make(std::size_t size) {
        VolumeKey key;
        key.bytes_.resize(size);
        if (::getentropy(key.bytes_.data(), size) != 0) {
            return Error{Errc::unsupported, "the kernel has no random numbers"};
        }
        return key;
    }

    ~VolumeKey() {
        // One that was moved from has no bytes, and a null pointer may not be wiped.
        if (!bytes_.empty()) ::explicit_bzero(bytes_.data(), bytes_.size());
    }

    VolumeKey(const VolumeKey&) = delete;
    VolumeKey& operator=(const VolumeKey&) = delete;
    VolumeKey(VolumeKey&&) noexcept = default;
    VolumeKey& operator=(VolumeKey&&) = delete;

    [[nodiscard]] ByteView bytes() const { return bytes_; }

    // A file in memory with the key, for a program to read by name while `fd` is open.
    [[nodiscard]] Result<Fd> file() const {
        Fd fd(::memfd_create("cordwainer-volume-key", MFD_CLOEXEC));
        if (!fd) return system_error(errno, "make a file in memory");
        TRY_VOID(write_all(fd, bytes_, "volume key"));
        return fd;
    }

  private:
    VolumeKey() = default;

    Bytes bytes_;
};

Result<std::string> passphrase_of(const Encryption& encryption) {
    if (!encryption.passphrase.empty()) return encryption.passphrase;
    constexpr std::uint64_t kLongest = 512 * kKiB;
    auto text = TRY(read_text_file(encryption.passphrase_file, kLongest));
    if (text.ends_with('\n')) text.pop_back();
    if (!text.empty()) return text;
    return Error{Errc::invalid_input,
                 encryption.passphrase_file.string() + ": the passphrase is empty"};
}

std::vector<std::string> format_arguments(const Encryption& encryption) {
    std::vector<std::string> arguments{"luksFormat",
                                       "--batch-mode",
                                       "--disable-locks",
                                       "--type",
                                       fmt::format("luks{}", encryption.version),
                                       "--cipher",
                                       "aes-xts-plain64",
                                       "--key-size",
                                       std::to_string(encryption.key_bits),
                                       "--hash",
                                       encryption.hash,
                                       "--uuid",
                                       encryption.uuid->text(),
                                       "--key-file",
                                       "-",
                                       "--offset",
                                       std::to_string(payload_offset(encryption) / kSector)};
    const auto add = [&arguments](const char* option, const std::string& value) {
        arguments.insert(arguments.end(), {option, value});
    };
    if (encryption.version == 2) {
        add("--sector-size", std::to_string(encryption.sector_size));
        add("--pbkdf", encryption.pbkdf);
        if (encryption.label) add("--label", *encryption.label);
    }
    if (encryption.iterations) {
        add("--pbkdf-force-iterations", std::to_string(*encryption.iterations));
    }
    if (encryption.memory_kib) add("--pbkdf-memory", std::to_string(*encryption.memory_kib));
    if (encryption.parallel) add("--pbkdf-parallel", std::to_string(*encryption.parallel));
    return arguments;
}

// Makes header and key slot in a sparse file of the container's size.
Result<void> make_header(const Encryption& encryption,
                         const VolumeKey& key,
                         std::uint64_t size,
                         const std::filesystem::path& file) {
    TRY_VOID(make_sparse(file, size));
    const Fd key_file = TRY(key.file());
    ToolRun run{.arguments = format_arguments(encryption)};
    run.arguments.insert(run.arguments.end(),
                         {"--volume-key-file",
                          fmt::format("/proc/{}/fd/{}", ::getpid(), key_file.get()),
                          file.string()});
    run.input = TRY(passphrase_of(encryption));
    auto made = run_tool({.name = "cryptsetup", .package = "cryptsetup-bin"}, run);
    ::explicit_bzero(run.input->data(), run.input->size());
    if (!made) return std::move(made).error();
    return {};
}

}  // namespace

Result<void> make_luks(const Encryption& encryption,
                       const std::filesystem::path& plain,
                       const LuksPlace& place,
                       const std::filesystem::path& scratch,
                       Progress& progress) {
    const VolumeKey key = TRY(VolumeKey::make(encryption.key_bits / 8));
    const std::filesystem::path header = scratch / "luks-header";
    TRY_VOID(make_header(encryption, key, place.size, header));
    const std::uint64_t payload = payload_offset(encryption);
    TRY_VOID(copy_sparse(header, payload, place.image, place.offset));

    constexpr std::uint64_t kPiece = 4 * kMiB;
    const Fd from = TRY(open_file(plain, O_RDONLY));
    Fd to = TRY(open_file(place.image, O_WRONLY));
    const std::uint64_t size = place.size - payload;
    for (std::uint64_t at = 0; at < size;) {
        if (stop_requested()) return stopped();
        const std::uint64_t count = std::min(kPiece, size - at);
        Bytes piece = TRY(read_at(from, at, count, plain.string()));
        TRY_VOID(encrypt_xts(piece, key.bytes(), at / kSector, encryption.sector_size));
        TRY_VOID(write_at(to, place.offset + payload + at, piece, place.image.string()));
        progress.advance(count);
        at += count;
    }
    return to.close(place.image.string());
}

}  // namespace cordwainer::image

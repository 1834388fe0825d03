// The version that a Linux kernel image says it has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/error.h"

namespace cordwainer {

// `size` bytes of the image from byte `offset` on, fewer where it ends before.
using ReadImage = std::function<Result<Bytes>(std::uint64_t offset, std::size_t size)>;

// "6.1.0-18-amd64": the first word of the version text. Reads no more than is needed for it:
//
// - x86 bzImage: the setup header points to the text (Linux Documentation/arch/x86/boot.rst, fields
//   `header` at 0x202 and `kernel_version` at 0x20e; protocol 2.00 and later).
// - uncompressed `Image` of arm64 (Documentation/arch/arm64/booting.rst) and riscv
//   (Documentation/arch/riscv/boot-image-header.rst): the banner "Linux version …" somewhere in its
//   first 64 MiB.
//
// Nothing for all others, among them compressed images without such a header. The only errors are
// those of `read`.
[[nodiscard]] Result<std::optional<std::string>> kernel_version(const ReadImage& read);

}  // namespace cordwainer

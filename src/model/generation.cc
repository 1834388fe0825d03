#include "model/generation.h"

namespace cordwainer {

std::uint64_t boot_size(const BootParameters& parameters) {
    std::uint64_t size = parameters.kernel.size;
    for (const BootFile& initrd : parameters.initrds) size += initrd.size;
    return size;
}

}  // namespace cordwainer

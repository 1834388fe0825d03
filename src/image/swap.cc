#include "image/swap.h"

#include <fcntl.h>

#include "image/sparse_copy.h"
#include "image/tool.h"
#include "sys/file_io.h"

namespace cordwainer::image {

Result<void> make_swap(const std::filesystem::path& image,
                       std::uint64_t offset,
                       std::uint64_t size,
                       const Uuid& uuid,
                       const std::string& label,
                       const std::filesystem::path& scratch) {
    constexpr std::size_t kPage = 4096;  // the header is the first page; the rest stays zero
    const std::filesystem::path file = scratch / "swap";
    TRY_VOID(make_sparse(file, size));
    ToolRun run;
    run.arguments = {"--pagesize", std::to_string(kPage), "--uuid", uuid.text()};
    if (!label.empty()) run.arguments.insert(run.arguments.end(), {"--label", label});
    run.arguments.push_back(file.string());
    TRY_VOID(run_tool({.name = "mkswap", .package = "util-linux"}, run));
    const Fd from = TRY(open_file(file, O_RDONLY));
    const Bytes header = TRY(read_at(from, 0, kPage, file.string()));
    Fd to = TRY(open_file(image, O_WRONLY));
    TRY_VOID(write_at(to, offset, header, image.string()));
    return to.close(image.string());
}

}  // namespace cordwainer::image

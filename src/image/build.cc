#include "image/build.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "image/file_system.h"
#include "image/file_system_limits.h"
#include "image/luks.h"
#include "image/partition_table.h"
#include "image/partition_trees.h"
#include "image/placement.h"
#include "image/sparse_copy.h"
#include "image/tool.h"
#include "sys/file_io.h"
#include "sys/interrupt.h"

namespace cordwainer::image {
namespace {

// The image's name inside the directory beside the output: tools read "?" and "@@" as more than a
// name.
constexpr const char* kImageFile = "disk.img";

class Build {
  public:
    Build(const Layout& layout,
          const ImageSteps& steps,
          const BuildOptions& options,
          Progress& progress,
          TemporaryDirectory beside,
          TemporaryDirectory temporary)
        : layout_(layout),
          steps_(steps),
          options_(options),
          progress_(progress),
          beside_(std::move(beside)),
          temporary_(std::move(temporary)) {}

    Result<BuildReport> run() {
        TRY_VOID(collect());
        TRY_VOID(lay_out());
        for (std::size_t i = 0; i < layout_.partitions.size(); ++i) {
            if (stop_requested()) return stopped();
            TRY_VOID(fill(i).with_context(title_of(layout_.partitions[i])));
        }
        if (stop_requested()) return stopped();
        if (steps_.disk) TRY_VOID(steps_.disk(image()));
        TRY_VOID(deliver());
        return BuildReport{.size = placement_.disk_size, .warnings = std::move(trees_.warnings)};
    }

  private:
    [[nodiscard]] std::filesystem::path image() const { return beside_.path() / kImageFile; }

    // What goes into the partitions.
    Result<void> collect() {
        const std::filesystem::path staging = temporary_.path() / "staging";
        TRY_VOID(make_directory(staging));
        if (steps_.files) TRY_VOID(steps_.files(staging));
        trees_ = TRY(partition_trees(layout_, staging, steps_.replaced));
        return {};
    }

    // Sizes, places, and a sparse image with a partition table.
    Result<void> lay_out() {
        std::vector<std::uint64_t> sizes;
        for (std::size_t i = 0; i < layout_.partitions.size(); ++i) {
            sizes.push_back(content_size(layout_.partitions[i], trees_.trees[i]));
        }
        placement_ = TRY(place(layout_, sizes));
        for (std::size_t i = 0; i < layout_.partitions.size(); ++i) {
            TRY_VOID(check_fits(layout_.partitions[i], trees_.trees[i], bytes_of(i)));
        }
        TRY_VOID(check_room());
        TRY_VOID(make_sparse(image(), placement_.disk_size, 0666));
        return write_partition_table(layout_, placement_, image());
    }

    [[nodiscard]] std::uint64_t bytes_of(std::size_t i) const {
        return placement_.partitions[i].count * kSector;
    }

    // The image's file system must have room for all data; an encrypted partition has no holes.
    Result<void> check_room() const {
        std::uint64_t needed = 0;
        for (std::size_t i = 0; i < layout_.partitions.size(); ++i) {
            needed += layout_.partitions[i].encryption ? bytes_of(i) : data_bytes(trees_.trees[i]);
        }
        struct statvfs info{};
        if (::statvfs(beside_.path().c_str(), &info) != 0) {
            return file_error(errno, beside_.path().string());
        }
        const std::uint64_t free = std::uint64_t{info.f_bavail} * info.f_frsize;
        if (free >= needed) return {};
        return Error{Errc::no_space,
                     fmt::format("{}: the image needs {}, {} more than are free there",
                                 options_.output.string(),
                                 mib_text(needed),
                                 mib_text(needed - free))};
    }

    Result<void> fill(std::size_t i) {
        const Partition& partition = layout_.partitions[i];
        if (partition.file_system == FileSystem::none) return {};
        const std::filesystem::path scratch =
            temporary_.path() / fmt::format("partition-{}", partition.number);
        TRY_VOID(make_directory(scratch));
        const std::uint64_t data = data_bytes(trees_.trees[i]);
        progress_.phase(fmt::format("{}: {}", title_of(partition), name_of(partition.file_system)),
                        data);
        const Place place{.directory = beside_.path(),
                          .file = kImageFile,
                          .offset = placement_.partitions[i].first_lba * kSector,
                          .size = bytes_of(i),
                          .first_lba = placement_.partitions[i].first_lba};
        if (partition.encryption) {
            TRY_VOID(fill_encrypted(partition, trees_.trees[i], place, scratch));
        } else {
            TRY_VOID(
                make_file_system(layout_, partition, trees_.trees[i], place, scratch, progress_));
        }
        // Nothing of it is needed any more, and it may be large.
        std::error_code ignored;
        std::filesystem::remove_all(scratch, ignored);
        trees_.trees[i] = {};
        return {};
    }

    // The file system is made in a file of its own, then encrypted into its place.
    Result<void> fill_encrypted(const Partition& partition,
                                const Node& tree,
                                const Place& place,
                                const std::filesystem::path& scratch) {
        const Encryption& encryption = *partition.encryption;
        const Place inside{.directory = scratch,
                           .file = "content.img",
                           .offset = 0,
                           .size = place.size - payload_offset(encryption),
                           .first_lba = 0};
        const std::filesystem::path plain = scratch / inside.file;
        TRY_VOID(make_sparse(plain, inside.size, 0600));
        TRY_VOID(make_file_system(layout_, partition, tree, inside, scratch, progress_));
        progress_.phase(fmt::format("{}: encrypt", title_of(partition)), inside.size);
        return make_luks(
            encryption,
            plain,
            {.image = place.directory / place.file, .offset = place.offset, .size = place.size},
            scratch,
            progress_);
    }

    // Gives the finished image its name.
    Result<void> deliver() {
        std::filesystem::path finished = image();
        if (options_.format == Format::qcow2) {
            finished = beside_.path() / "disk.qcow2";
            progress_.phase("convert to qcow2", 0);
            ToolRun run;
            run.arguments = {
                "convert", "-f", "raw", "-O", "qcow2", image().string(), finished.string()};
            TRY_VOID(run_tool({.name = "qemu-img", .package = "qemu-utils"}, run));
        }
        if (stop_requested()) return stopped();
        // On the medium before it has its name, so that after a power cut the name stands for a
        // whole image.
        const Fd file = TRY(open_file(finished, O_RDONLY));
        if (::fsync(file.get()) != 0) return file_error(errno, "flush " + finished.string());
        std::error_code error;
        std::filesystem::rename(finished, options_.output, error);
        if (error) return file_error(error.value(), options_.output.string());
        return sync_directory(beside_.path().parent_path());
    }

    static Result<void> make_directory(const std::filesystem::path& path) {
        std::error_code error;
        std::filesystem::create_directory(path, error);
        if (error) return file_error(error.value(), path.string());
        return {};
    }

    const Layout& layout_;
    const ImageSteps& steps_;
    const BuildOptions& options_;
    Progress& progress_;
    TemporaryDirectory beside_;
    TemporaryDirectory temporary_;
    PartitionTrees trees_;
    Placement placement_;
};

}  // namespace

std::vector<std::string> not_reproducible(const Layout& layout) {
    std::vector<std::string> reasons;
    for (const Partition& partition : layout.partitions) {
        if (partition.encryption) {
            reasons.push_back(title_of(partition) +
                              ": LUKS has random keys, so two builds give different bytes");
        }
        if (partition.file_system == FileSystem::btrfs) {
            reasons.push_back(title_of(partition) +
                              ": btrfs has random identifiers and dates of its own, so two builds "
                              "give different bytes");
        }
    }
    return reasons;
}

Result<BuildReport> build_image(const Layout& layout,
                                const ImageSteps& steps,
                                const BuildOptions& options,
                                Progress& progress) {
    std::error_code error;
    const std::filesystem::path output = std::filesystem::absolute(options.output, error);
    if (error) return file_error(error.value(), '"' + options.output.string() + '"');
    const auto status = std::filesystem::status(output, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        return Error{Errc::refused,
                     output.string() + " is not a regular file; an image is only written to one"};
    }
    auto beside = TRY(TemporaryDirectory::make(output.parent_path(), ".cordwainer-image-"));
    auto temporary = TRY(TemporaryDirectory::make(options.temporary, "cordwainer-image-"));
    Build build(layout, steps, options, progress, std::move(beside), std::move(temporary));
    return build.run();
}

}  // namespace cordwainer::image

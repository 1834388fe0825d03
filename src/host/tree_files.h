// A file target in the tree of a partition that becomes a file system afterwards: plain files, no
// flushing, since nobody reads the tree before it is complete.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "apply/ports.h"
#include "host/files_below.h"

namespace cordwainer {

class TreeFiles : public FileTarget {
  public:
    // The directory `path` of the tree, made where it is missing (see FilesBelow::open).
    [[nodiscard]] static Result<std::unique_ptr<TreeFiles>> open(const std::filesystem::path& tree,
                                                                 const std::string& path);

    Result<std::optional<FileState>> look(const RelPath& path) override;
    Result<std::optional<Bytes>> read(const RelPath& path) override;
    Result<std::optional<Digest>> digest(const RelPath& path) override;
    Result<void> check_place(const RelPath& path) override;
    Result<void> write(const RelPath& path, ByteView bytes) override;
    Result<void> stage(const RelPath& path,
                       const std::filesystem::path& from,
                       const Digest& digest) override;
    Result<void> replace(const RelPath& path,
                         const std::filesystem::path& from,
                         const Digest& digest) override;
    Result<void> remove(const RelPath& path) override;
    Result<void> settle() override;
    Result<std::optional<FreeSpace>> free_space() override;

  private:
    explicit TreeFiles(FilesBelow files) : files_(std::move(files)) {}

    FilesBelow files_;
};

}  // namespace cordwainer

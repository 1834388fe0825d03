// A file target in the tree of a partition that becomes a file system afterwards: plain files, no
// flushing, nothing that a reader could see half done.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "apply/ports.h"
#include "sys/descriptor.h"
#include "sys/root.h"

namespace cordwainer {

class TreeFiles : public FileTarget {
  public:
    // The directory `path` ("/boot/grub"; "/" or "" for the tree's own root) inside `tree`, made
    // where it is missing. Symbolic links are followed inside the tree only, absolute ones as if
    // the tree were the root. Files get mode 0644, directories 0755, whatever the umask.
    [[nodiscard]] static Result<std::unique_ptr<TreeFiles>> open(const std::filesystem::path& tree,
                                                                 const std::string& path);

    Result<std::optional<FileState>> look(const RelPath& path) override;
    Result<std::optional<Bytes>> read(const RelPath& path) override;
    Result<std::optional<Digest>> digest(const RelPath& path) override;
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
    TreeFiles(Root tree, std::string base) : tree_(std::move(tree)), base_(std::move(base)) {}

    [[nodiscard]] std::string inside(const RelPath& path) const;
    Result<const Fd*> parent_of(const RelPath& path);
    Result<Fd> create(const RelPath& path);

    Root tree_;
    std::string base_;  // the target inside the tree, without a trailing "/"
    // The directory that was written to last: modules come by the hundred.
    std::string parent_path_;
    Fd parent_;
};

}  // namespace cordwainer

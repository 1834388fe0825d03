#include "image/ext4.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "image/ext4_script.h"
#include "image/identity.h"
#include "image/size_text.h"
#include "image/tool.h"
#include "sys/file_io.h"

namespace cordwainer::image {
namespace {

// mke2fs reads nothing but this: the machine's own configuration would change the features.
constexpr const char* kConfiguration =
    "[defaults]\n"
    "\tbase_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr\n"
    "\tdefault_mntopts = acl,user_xattr\n"
    "\tenable_periodic_fsck = 0\n"
    "\tblocksize = 4096\n"
    "\tinode_size = 256\n"
    "\tinode_ratio = 16384\n"
    "[fs_types]\n"
    "\text4 = {\n"
    "\t\tfeatures = "
    "has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize\n"
    "\t}\n";

Result<void> write_text(const std::filesystem::path& path, std::string_view text) {
    Fd fd = TRY(open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    TRY_VOID(write_all(fd, as_bytes(text), path.string()));
    return fd.close(path.string());
}

std::map<std::string, std::string> environment(const Ext4& spec) {
    return {{"MKE2FS_CONFIG", (spec.scratch / "mke2fs.conf").string()},
            {"E2FSPROGS_FAKE_TIME", std::to_string(spec.epoch)}};
}

Result<void> make_empty(const Ext4& spec, std::uint64_t inodes) {
    TRY_VOID(write_text(spec.scratch / "mke2fs.conf", kConfiguration));
    ToolRun run{.directory = spec.directory, .environment = environment(spec)};
    run.arguments = {"-q",
                     "-F",
                     "-t",
                     "ext4",
                     "-T",
                     "ext4",
                     "-b",
                     "4096",
                     "-m",
                     "1",
                     "-U",
                     spec.uuid.text(),
                     "-N",
                     std::to_string(inodes),
                     "-J",
                     fmt::format("size={}", ext4_journal_mib(spec.size)),
                     "-E",
                     fmt::format("offset={},hash_seed={},root_owner=0:0,nodiscard,"
                                 "assume_storage_prezeroed=1",
                                 spec.offset,
                                 uuid_from(spec.uuid, "hash seed").text())};
    if (!spec.label.empty()) {
        run.arguments.insert(run.arguments.end(), {"-L", spec.label});
    }
    run.arguments.insert(run.arguments.end(),
                         {"./" + spec.file, fmt::format("{}k", spec.size / kKiB)});
    TRY_VOID(run_tool({.name = "mke2fs", .package = "e2fsprogs"}, run));
    return {};
}

// debugfs exits with 0 whatever happened, so every line on standard error but its own first one is
// a failure.
Result<void> run_script(const Ext4& spec, const std::string& script) {
    const std::filesystem::path file = spec.scratch / "debugfs-script";
    TRY_VOID(write_text(file, script));
    const Result<SpawnOutput> ran = run_tool(
        {.name = "debugfs", .package = "e2fsprogs"},
        {.arguments =
             {"-w", "-f", file.string(), fmt::format("./{}?offset={}", spec.file, spec.offset)},
         .directory = spec.directory,
         .environment = environment(spec),
         .discard_output = true});
    if (!ran) return ran.error();
    const std::string& errors = ran->errors;
    if (errors.starts_with("debugfs ") && errors.find('\n') + 1 == errors.size()) return {};
    return Error{Errc::tool_failed, "debugfs: " + errors};
}

}  // namespace

const std::vector<std::string>& ext4_features() {
    static const std::vector<std::string> features{"has_journal",
                                                   "ext_attr",
                                                   "resize_inode",
                                                   "dir_index",
                                                   "filetype",
                                                   "extent",
                                                   "64bit",
                                                   "flex_bg",
                                                   "sparse_super",
                                                   "large_file",
                                                   "huge_file",
                                                   "dir_nlink",
                                                   "extra_isize",
                                                   "metadata_csum"};
    return features;
}

Result<void> make_ext4(const Ext4& spec, const Node& root, Progress& progress) {
    TRY_VOID(make_empty(spec, ext4_inodes(spec.size, ext4_needs(root, Holes::filled))));
    Ext4Script script(spec.epoch,
                      spec.scratch,
                      [&](const std::string& part, std::uint64_t bytes) -> Result<void> {
                          TRY_VOID(run_script(spec, part));
                          progress.advance(bytes);
                          return {};
                      });
    return script.write(root);
}

}  // namespace cordwainer::image

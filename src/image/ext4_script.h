// The debugfs script that fills an ext4 from a tree: one command a line, in the order of the names,
// the same whatever order the machine that builds lists its directories in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "image/tree.h"

namespace cordwainer::image {

// `text` as one argument of a debugfs command: in quotation marks, with those inside doubled. No
// argument can hold a line feed or carriage return, since a script has one command a line:
// invalid_input, which names the text with them escaped.
[[nodiscard]] Result<std::string> debugfs_quoted(const std::string& text);

// Writes the script in parts that can be run one after another, so that progress can be shown and
// no script grows without bound.
//
// debugfs gives everything that it makes the date that `set_current_time` set before, owner root,
// and a mode (directories 0755, files that of the file it reads): only what differs is set
// afterwards.
class Ext4Script {
  public:
    // Called with each part and the bytes of the files in it.
    using Run = std::function<Result<void>(const std::string& script, std::uint64_t bytes)>;

    // `epoch`: the date of the file system itself. `scratch`: where values of extended attributes
    // are put as files for debugfs to read.
    Ext4Script(std::int64_t epoch, std::filesystem::path scratch, Run run)
        : epoch_(epoch), scratch_(std::move(scratch)), run_(std::move(run)) {}

    [[nodiscard]] Result<void> write(const Node& root);

  private:
    using Link = std::pair<std::uint64_t, std::uint64_t>;

    Result<void> write_children(const Node& directory);
    Result<void> write_node(const std::string& name, const Node& node);
    Result<void> write_file(const std::string& name, const Node& node);
    Result<void> write_directory(const std::string& name, const Node& node);
    Result<void> write_special(const std::string& name, const Node& node);
    Result<void> write_attributes(const std::string& argument, const Node& node);
    Result<void> set_fields(const std::string& argument,
                            const Node& node,
                            std::uint32_t type,
                            std::optional<std::uint32_t> made_with);
    Result<void> command(const char* verb, std::initializer_list<std::string> arguments);
    Result<void> set_date(std::int64_t date);
    Result<void> flush();

    std::int64_t epoch_;
    std::filesystem::path scratch_;
    Run run_;
    std::string script_;
    std::uint64_t bytes_ = 0;
    std::int64_t date_ = 0;
    std::vector<std::string> directories_;    // where the script stands, from the root
    std::map<Link, std::string> first_path_;  // of a file with several links
    std::map<Link, std::uint64_t> link_count_;
    std::size_t attribute_files_ = 0;
};

}  // namespace cordwainer::image

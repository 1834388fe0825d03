#include "image/partition_trees.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace cordwainer::image {
namespace {

class Builder {
  public:
    explicit Builder(const Layout& layout) : layout_(layout), mounts_(mounts_of(layout)) {
        for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
            result_.trees.push_back(made_directory(layout.epoch));
        }
    }

    Result<void> add_system() {
        if (!layout_.root) return {};
        ScanRules rules{.owner_root = layout_.root_owner};
        if (layout_.clamp_dates) rules.youngest = layout_.epoch;
        Node system = TRY(scan(*layout_.root, rules, result_.warnings).with_context("system"));
        std::vector<Node> parts = TRY(cut(system, layout_.root->string()));
        for (const std::size_t i : by_prefix()) {
            Node* place = TRY(place_of(mounts_[i]));
            Node old = std::move(*place);
            *place = std::move(parts[i]);
            TRY_VOID(overlay(*place, std::move(old), mounts_[i].path));
        }
        return {};
    }

    Result<void> add_contents() {
        for (std::size_t i = 0; i < layout_.partitions.size(); ++i) {
            const Partition& partition = layout_.partitions[i];
            for (const Subvolume& subvolume : partition.subvolumes) {
                (void)TRY(directory(i, "/" + subvolume.name));
            }
            for (const Contents& contents : partition.contents) {
                TRY_VOID(add(i, contents).with_context(contents.location.text()));
            }
        }
        return {};
    }

    void remove_replaced(const std::vector<std::string>& replaced) {
        for (const std::string& path : replaced) {
            for (const Mount& mount : std::views::reverse(mounts_)) {
                if (mount.path != "/" && !path.starts_with(mount.path + "/")) continue;
                const std::string below = mount.path == "/" ? path : path.substr(mount.path.size());
                remove(result_.trees[mount.partition], mount.prefix + below);
                break;
            }
        }
    }

    Result<void> add_staging(const std::filesystem::path& staging) {
        ScanRules rules;
        rules.made_at = layout_.epoch;
        Node added = TRY(scan(staging, rules, result_.warnings));
        std::vector<Node> parts = TRY(cut(added, staging.string()));
        for (std::size_t i = 0; i < mounts_.size(); ++i) {
            Node* place = TRY(place_of(mounts_[i]));
            const std::string name = mounts_[i].path == "/" ? "" : mounts_[i].path;
            TRY_VOID(overlay(*place, std::move(parts[i]), name));
        }
        return {};
    }

    PartitionTrees take_result() { return std::move(result_); }

  private:
    // The part of each mount, inner ones cut out of outer ones.
    Result<std::vector<Node>> cut(Node& whole, const std::string& name) const {
        std::vector<Node> parts(mounts_.size());
        for (std::size_t i = mounts_.size(); i-- > 0;) {
            parts[i] = TRY(take(whole, mounts_[i].path, layout_.epoch, name));
        }
        return parts;
    }

    // The mounts, so that a subvolume comes after what it lies in.
    [[nodiscard]] std::vector<std::size_t> by_prefix() const {
        std::vector<std::size_t> order(mounts_.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::ranges::sort(
            order, {}, [this](std::size_t i) { return std::pair(mounts_[i].prefix, i); });
        return order;
    }

    Result<Node*> directory(std::size_t partition, const std::string& path) {
        return directory_at(
            result_.trees[partition], path, layout_.epoch, title_of(layout_.partitions[partition]));
    }

    Result<Node*> place_of(const Mount& mount) {
        return directory(mount.partition, mount.prefix.empty() ? "/" : mount.prefix);
    }

    Result<void> add(std::size_t partition, const Contents& contents) {
        ScanRules rules{.owner_root = contents.owner_root};
        if (layout_.clamp_dates) rules.youngest = layout_.epoch;
        Node added = TRY(scan(contents.from, rules, result_.warnings));
        Node* place = TRY(directory(partition, contents.to));
        return overlay(*place, std::move(added), contents.to == "/" ? "" : contents.to);
    }

    const Layout& layout_;
    std::vector<Mount> mounts_;
    PartitionTrees result_;
};

}  // namespace

Result<PartitionTrees> partition_trees(const Layout& layout,
                                       const std::filesystem::path& staging,
                                       const std::vector<std::string>& replaced) {
    Builder builder(layout);
    TRY_VOID(builder.add_system());
    TRY_VOID(builder.add_contents());
    builder.remove_replaced(replaced);
    TRY_VOID(builder.add_staging(staging));
    return builder.take_result();
}

std::uint64_t data_bytes(const Node& root) {
    std::uint64_t bytes = 0;
    walk(root, [&bytes](const std::string&, const Node& node) { bytes += node.data; });
    return bytes;
}

}  // namespace cordwainer::image

// Which layer each file of a root goes to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "layer/ownership.h"
#include "layer/root_tree.h"

namespace rpmoci {

/// Names of packages whose files make a layer, a list for each layer but the last.
using LayerGroups = std::vector<std::vector<std::string>>;

/// A file goes to the layer of the package that owns it, as long as it is what the package brought: of the same type,
/// size and modification time, or a symlink with the same target. Everything else goes to the last layer: what no
/// package owns, what scriptlets changed, and packages that no group names. Of several owners, the one with the lowest
/// layer counts. All names of one inode are together in the highest layer of any of them.
class Assignment {
 public:
  /// One layer.
  explicit Assignment(const RootTree& tree) : layer_of_(tree.nodes().size(), 0), digests_(tree.nodes().size()) {}
  /// `ownership` must outlive it.
  Assignment(const RootTree& tree, const Ownership& ownership, const LayerGroups& groups);

  std::uint32_t layer_count() const { return layer_count_; }
  std::uint32_t layer_of(const Node& node) const { return layer_of_[node.index]; }
  /// Of a file's contents, as far as they are known without reading them: by its owner. Null otherwise.
  const Sha256Digest* digest_of(const Node& node) const { return digests_[node.index]; }
  /// The modification time that the packages of a layer give to a directory that they own; the latest if they differ.
  std::optional<std::int64_t> directory_time(const Node& directory, std::uint32_t layer) const;

 private:
  void add_owner(const Node& node, const OwnedPath& owner, std::uint32_t layer);
  void keep_hard_links_together(const RootTree& tree);

  std::uint32_t layer_count_ = 1;
  std::vector<std::uint32_t> layer_of_;
  std::vector<const Sha256Digest*> digests_;
  /// By the directory's index and the layer.
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> directory_times_;
};

}  // namespace rpmoci

// What has changed in a root that began as the files of a base image.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "layer/listing_times.h"
#include "layer/root_tree.h"

namespace rpmoci {

/// Compares two states of one root. An entry has not changed when its type, attributes, contents and time are those of
/// the base. A time that the build has given to it does not count, nor does any time of a directory: what the build
/// wrote again as it was stays the base's. All names of an inode have changed when one has, or when they were not names
/// of one inode in the base.
class BaseChanges {
 public:
  /// `base` was read when the root held the base image and nothing else; `tree` later. `untouched` are paths, relative
  /// to the root, that count as unchanged whatever became of them.
  BaseChanges(std::shared_ptr<const RootTree> base, std::shared_ptr<const RootTree> tree, const ListingTimes& times,
              const std::set<std::string>& untouched);

  /// Files that have not changed but perhaps in their contents: they were written anew. Until `settle`.
  const std::vector<const Node*>& undecided() const { return undecided_; }
  /// To be called once, before what follows. `same` are the paths of undecided files with the base's contents.
  void settle(const std::set<std::string>& same);

  bool is_changed(const Node& node) const { return changed_[node.index]; }
  /// What the base has at the node's path; null for nothing.
  const Node* base_of(const Node& node) const { return bases_[node.index]; }
  /// Files that hide what the base has in the directory and the tree has not (OCI image specification, "Whiteouts").
  /// They stand right behind the directory in the order of the archive.
  const std::vector<const Node*>& whiteouts_in(const Node& directory) const;
  static bool is_whiteout(const Node& node);

 private:
  void compare(const Node& node, const Node* base);
  void pair_children(const Node& node, const Node* base, const std::set<std::string>& untouched);
  void add_whiteout(const Node& directory, const Node& gone);
  void keep_hard_links_together();

  const std::shared_ptr<const RootTree> base_;
  const std::shared_ptr<const RootTree> tree_;
  const ListingTimes times_;
  std::vector<bool> changed_;
  std::vector<const Node*> bases_;
  std::vector<const Node*> undecided_;
  std::deque<std::string> names_;
  std::deque<Node> whiteouts_;
  std::map<const Node*, std::vector<const Node*>> whiteouts_in_;
};

}  // namespace rpmoci

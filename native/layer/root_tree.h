// What is below a root directory, read once.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arena.h"
#include "file_descriptor.h"
#include "layer/metadata.h"

namespace rpmoci {

using Xattrs = std::map<std::string, std::string>;

/// One name in the tree. Names are bytes of any encoding.
struct Node {
  /// Empty for the root itself. A zero byte follows.
  std::string_view name;
  Metadata metadata;
  /// Null for the root itself.
  const Node* parent = nullptr;
  /// Place in the order of the archive, the root's being 0.
  std::uint32_t index = 0;
  /// How many, from `first_child` on, a directory has, in the order of their names as unsigned bytes.
  std::uint32_t child_count = 0;
  Node* first_child = nullptr;
  /// Of a symlink.
  std::string_view link_target;
  /// Null when there are none to keep.
  const Xattrs* xattrs = nullptr;

  /// Relative to the root, without a leading or trailing slash; empty for the root itself.
  std::string path() const;
  std::span<Node> children() const { return {first_child, child_count}; }
  /// Null when there is none.
  const Node* child(std::string_view name) const;
};

/// What nodes that one thread has read point to, and they themselves.
struct NodeStorage {
  Arena arena;
  std::deque<Xattrs> xattrs;
};

/// A snapshot of a tree's metadata. Contents are read later, and must then still be those that were seen here.
class RootTree {
 public:
  /// Reads the tree on up to `threads` threads. Symlinks are not followed, but for `root` itself. Nothing depends on
  /// PATH_MAX or on the order in directories.
  ///
  /// Throws Failure("LAYER_READ") that names the path: for what cannot be read, for a mount point below the root (its
  /// contents, /proc or a bind-mounted resolv.conf, are the host's and would end up in the image), for a name that
  /// begins with ".wh.", which an image takes for a deletion; Failure("CANCELLED") soon after `cancelled` is set.
  RootTree(std::string root, unsigned threads, const std::atomic<bool>& cancelled);

  /// All nodes in the order of the archive: paths are ordered as lists of names, a directory right before what it
  /// holds, and "a/b" before "a-b".
  const std::vector<const Node*>& nodes() const { return nodes_; }
  const Node& top() const { return top_; }

  /// Opens a directory of the tree for calls relative to it. Throws std::system_error.
  FileDescriptor open_directory(const Node& directory) const;
  /// The node that a path inside the root leads to. Symlinks are followed as a process in the root would, at its end
  /// too. Null when there is none.
  const Node* find(std::string_view path) const;
  /// On this machine, for messages.
  std::string host_path(const Node& node) const;

 private:
  void number(const Node& node);

  const std::string root_;
  FileDescriptor fd_;
  std::deque<NodeStorage> storage_;
  Node top_;
  std::vector<const Node*> nodes_;
};

}  // namespace rpmoci

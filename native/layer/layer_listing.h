// The entries of one layer's archive, and where each of them is in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "layer/assignment.h"
#include "layer/base_changes.h"
#include "layer/root_tree.h"
#include "layer/tar_entry.h"

namespace rpmoci {

struct ListedEntry {
  const Node* node = nullptr;
  /// The entry of the same inode that comes first and has the contents; null if this is the one.
  const Node* first_link = nullptr;
  /// Seconds since the epoch, as the archive has it.
  std::int64_t mtime = 0;
  /// Of the header, in the archive.
  std::uint64_t offset = 0;
  std::uint32_t header_size = 0;

  /// Whether this is the entry of a file's contents, which may be empty. Whiteouts are no files of the tree.
  bool has_contents() const {
    return node->metadata.is_file() && first_link == nullptr && !BaseChanges::is_whiteout(*node);
  }
  /// Bytes of contents in the archive, without padding.
  std::uint64_t contents_size() const { return has_contents() ? node->metadata.size : 0; }
  TarEntry tar_entry() const;
  /// Of `tar_entry()`. Throws Failure("LAYER_READ") for what a tar cannot hold.
  std::string header(const RootTree& tree) const;
  /// Fills in `header_size`; `tar` is `tar_entry()`. Throws as `header`.
  void measure_header(const TarEntry& tar, const RootTree& tree);
};

struct LayerListing {
  /// Index of its group; the number of groups for the last layer.
  std::uint32_t layer = 0;
  /// In the order of the archive.
  std::vector<ListedEntry> entries;
  /// Bytes of the whole archive.
  std::uint64_t tar_size = 0;
  /// Hexadecimal SHA-256 of what the archive's bytes depend on: equal keys mean equal archives. Empty when files have
  /// no owners, without which all contents would have to be read.
  std::string key;
};

/// Lists the layers that are not empty, and always the last. Every layer stands alone: it holds the directories above
/// each of its entries, the root ("./") first, with the attributes that they have in the tree.
///
/// A directory's time is that of the packages of the layer that own it; else the latest of what the layer holds below
/// it: installing packages in another order, or other packages, must not change it. Where files have no owners, it is
/// the tree's. Sockets are left out; `skipped_sockets` names them.
///
/// With `changes`, layers have only what has changed, and none need be there. A directory that the base has keeps the
/// base's time unless packages of the layer own it. What is gone is in the last layer, as whiteouts right behind the
/// directory that they are in.
std::vector<LayerListing> list_layers(const RootTree& tree, const Assignment& assignment, const ListingTimes& times,
                                      bool owned, const BaseChanges* changes,
                                      std::vector<std::string>& skipped_sockets);

/// Fills in headers' sizes, offsets and the archives' sizes; with `keys`, the keys as well, for which files without a
/// known digest are read. On up to `threads` threads. Throws Failure("LAYER_READ"), Failure("CANCELLED").
void measure_layers(const RootTree& tree, const Assignment& assignment, bool keys, unsigned threads,
                    const std::atomic<bool>& cancelled, std::vector<LayerListing>& listings);

}  // namespace rpmoci

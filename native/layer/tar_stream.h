// Any part of a layer's archive.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "layer/file_reader.h"
#include "layer/layer_listing.h"

namespace rpmoci {

/// For one thread; several threads can produce parts of one archive at once, because every entry's place is known.
///
/// The archive (pax interchange format, OCI image specification "Image Layer Filesystem Changeset") depends on names,
/// types, contents, permissions, owners, times and attributes of what was listed; not on inode numbers, on the order in
/// directories, or on where the root is. Holes of sparse files are written as zeros, since not every reader of images
/// knows sparse entries.
class TarStream {
 public:
  /// Both must outlive it.
  TarStream(const RootTree& tree, const std::atomic<bool>& cancelled) : tree_(tree), reader_(tree, cancelled) {}

  /// Fills `bytes` with the archive's from `offset` on; they must lie within `listing.tar_size`. Throws as FileReader.
  void read(const LayerListing& listing, std::uint64_t offset, std::span<char> bytes);

 private:
  const RootTree& tree_;
  FileReader reader_;
};

}  // namespace rpmoci

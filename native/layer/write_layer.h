// A root directory as the blob of an image layer.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "layer/blob_writer.h"

namespace rpmoci {

struct LayerRequest {
  std::string root;
  BlobOptions blob;
  /// Seconds since the epoch: no entry's modification time is later.
  std::int64_t max_mtime = 0;
  /// Seconds since the epoch: what was modified at this time or later gets `max_mtime`, because the build made it and
  /// another build would make it at another time.
  std::int64_t build_start = 0;
};

struct LayerResult {
  Blob blob;
  std::uint64_t entries = 0;
  /// Paths in the root of sockets, which a tar cannot hold and whose server is gone anyway.
  std::vector<std::string> skipped_sockets;
};

/// Writes one tar archive (pax interchange format, OCI image specification "Image Layer Filesystem Changeset").
///
/// The bytes depend on names, types, contents, permissions, owners, times and attributes of what is below `root`, on
/// the two times and on the compression; not on inode numbers, on the order in directories, on where the root is, or on
/// the number of threads. Entries come in the order of `walk`. An inode's contents come with the first of its names;
/// later ones are hard links. Sparse files are written in full.
///
/// The root itself is the first entry, "./", with the mode and owner that it has: without the entry an unpacker chooses
/// them, and not all choose the same. Whoever made the root sees to it that it is not a temporary directory's 0700.
/// All other names are relative and without a leading "./".
///
/// Throws Failure: "LAYER_READ" naming the path, also for what changed while it was read and for names that begin with
/// ".wh.", which an image takes for deletions; "LAYER_WRITE"; "CANCELLED" within milliseconds after `cancelled` is set.
/// `progress` is called often, on this thread, with the number of bytes of the tar that have been written.
LayerResult write_layer(const LayerRequest& request, const std::atomic<bool>& cancelled,
                        std::function<void(std::uint64_t)> progress);

}  // namespace rpmoci

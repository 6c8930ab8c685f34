// Listed layers as blobs in files.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "layer/compression.h"
#include "layer/layer_listing.h"
#include "layer/root_tree.h"

namespace rpmoci {

struct LayerOutput {
  const LayerListing* listing = nullptr;
  /// The file to write; it is created, or truncated.
  std::string path;
};

struct Blob {
  /// Hexadecimal SHA-256 of the archive.
  std::string diff_id;
  /// Hexadecimal SHA-256 of what was written.
  std::string digest;
  std::uint64_t size = 0;
};

/// Writes the blobs, in the order of `outputs`. Archives are cut into blocks of a fixed size, so that the bytes do not
/// depend on the number of threads: each of the `threads` workers takes the next block of all layers, reads it from the
/// tree and compresses it; blocks are written and hashed in order, mostly each by the worker that made it. A few more
/// blocks than workers are in memory, whatever the size of the layers.
///
/// Throws Failure: "LAYER_READ" naming the file that cannot be read or has changed; "LAYER_WRITE"; "CANCELLED" within
/// milliseconds after `cancelled` is set. What was written of the blobs is then left. `progress` is called on this
/// thread, about twenty times a second, with the number of bytes of all archives that have been written.
std::vector<Blob> write_layers(const RootTree& tree, const std::vector<LayerOutput>& outputs,
                               const Compression& compression, unsigned threads, const std::atomic<bool>& cancelled,
                               const std::function<void(std::uint64_t)>& progress);

}  // namespace rpmoci

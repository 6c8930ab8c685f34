// How the bytes of a layer are stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace rpmoci {

struct Compression {
  enum class Kind { none, gzip, zstd };
  Kind kind = Kind::gzip;
  /// 1 to 9 for gzip, 1 to 19 for zstd.
  int level = 1;
};

/// Bytes of the archive that are compressed together, without a view of those before; part of the format: another size
/// makes other blobs.
std::size_t block_size(Compression::Kind kind);

struct CompressedBlock {
  std::size_t size = 0;
  /// CRC-32 of what was compressed, where the format needs it.
  std::uint32_t crc = 0;
};

/// One thread's compressor. What it makes of a block depends on the block and the level alone: not on the blocks before
/// it, the processor, or the versions of the system's libraries.
class BlockCompressor {
 public:
  virtual ~BlockCompressor() = default;
  /// The most bytes that `compress` makes of `size` bytes.
  virtual std::size_t bound(std::size_t size) const = 0;
  /// `output` has room for `bound(size)` bytes.
  virtual CompressedBlock compress(const char* input, std::size_t size, char* output) = 0;
};

/// Null for `none`. Throws std::bad_alloc.
std::unique_ptr<BlockCompressor> block_compressor(const Compression& compression);

/// What comes before and after the compressed blocks of one blob.
class BlobFrame {
 public:
  virtual ~BlobFrame() = default;
  virtual std::string head() const { return {}; }
  /// To be called for each block in order, with the size of what was compressed.
  virtual void add(const CompressedBlock&, std::size_t) {}
  virtual std::string tail() const { return {}; }
};

std::unique_ptr<BlobFrame> blob_frame(Compression::Kind kind);

}  // namespace rpmoci

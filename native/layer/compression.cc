#include "layer/compression.h"

#include "layer/gzip.h"
#include "layer/zstd.h"

namespace rpmoci {

std::size_t block_size(Compression::Kind kind) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20;
  return kind == Compression::Kind::zstd ? 2 * mebibyte : mebibyte;
}

std::unique_ptr<BlockCompressor> block_compressor(const Compression& compression) {
  switch (compression.kind) {
    case Compression::Kind::gzip:
      return gzip_block_compressor(compression.level);
    case Compression::Kind::zstd:
      return zstd_block_compressor(compression.level);
    default:
      return nullptr;
  }
}

std::unique_ptr<BlobFrame> blob_frame(Compression::Kind kind) {
  return kind == Compression::Kind::gzip ? gzip_frame() : std::make_unique<BlobFrame>();
}

}  // namespace rpmoci

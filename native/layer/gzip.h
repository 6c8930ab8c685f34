// gzip members, each compressed alone.
#pragma once

#include <libdeflate.h>

#include <cstddef>
#include <memory>

namespace rpmoci {

/// One thread's compressor.
class GzipCompressor {
 public:
  /// `level`: 1 to 12, libdeflate's. Throws std::bad_alloc.
  explicit GzipCompressor(int level);

  /// The most bytes that `compress` makes of `size` bytes.
  std::size_t bound(std::size_t size) const;
  /// Writes one complete member to `output`, which has room for `bound(size)` bytes, and returns its size. The bytes
  /// depend on the input, the level and libdeflate's version only. RFC 1952: no name, MTIME 0, XFL 0, OS 255.
  std::size_t compress(const char* input, std::size_t size, char* output);

 private:
  struct Free {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
  };
  std::unique_ptr<libdeflate_compressor, Free> compressor_;
};

}  // namespace rpmoci

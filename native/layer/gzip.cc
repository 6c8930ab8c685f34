#include "layer/gzip.h"

#include <new>
#include <stdexcept>

namespace rpmoci {

GzipCompressor::GzipCompressor(int level) : compressor_(libdeflate_alloc_compressor(level)) {
  if (compressor_ == nullptr) throw std::bad_alloc();
}

std::size_t GzipCompressor::bound(std::size_t size) const {
  return libdeflate_gzip_compress_bound(compressor_.get(), size);
}

std::size_t GzipCompressor::compress(const char* input, std::size_t size, char* output) {
  const auto compressed = libdeflate_gzip_compress(compressor_.get(), input, size, output, bound(size));
  if (compressed == 0) throw std::logic_error("libdeflate needs more room than it asked for");
  // The header's hint about the level says nothing to a reader and differs between libraries; no checksum covers it.
  constexpr std::size_t extra_flags = 8;
  output[extra_flags] = 0;
  return compressed;
}

}  // namespace rpmoci

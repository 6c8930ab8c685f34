#include "layer/gzip.h"

#include <libdeflate.h>

#include <new>

namespace rpmoci {

namespace {

class GzipCompressor : public BlockCompressor {
 public:
  explicit GzipCompressor(int level) : compressor_(libdeflate_alloc_compressor(level)) {
    if (compressor_ == nullptr) throw std::bad_alloc();
  }
  std::size_t bound(std::size_t size) const override { return libdeflate_gzip_compress_bound(compressor_.get(), size); }
  CompressedBlock compress(const char* input, std::size_t size, char* output) override {
    const auto n = libdeflate_gzip_compress(compressor_.get(), input, size, output, bound(size));
    output[8] = 0;
    return {n, 0};
  }

 private:
  struct Free {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
  };
  std::unique_ptr<libdeflate_compressor, Free> compressor_;
};

}  // namespace

std::unique_ptr<BlockCompressor> gzip_block_compressor(int level) { return std::make_unique<GzipCompressor>(level); }

std::unique_ptr<BlobFrame> gzip_frame() { return std::make_unique<BlobFrame>(); }

}  // namespace rpmoci

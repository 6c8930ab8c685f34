#include "layer/gzip.h"

#include <libdeflate.h>

#include <string_view>

#include "layer/crc32.h"
#include "layer/deflate.h"

namespace rpmoci {

namespace {

class GzipCompressor : public BlockCompressor {
 public:
  explicit GzipCompressor(int level) : deflater_(level) {}

  std::size_t bound(std::size_t size) const override { return Deflater::bound(size); }

  CompressedBlock compress(const char* input, std::size_t size, char* output) override {
    return {.size = deflater_.compress(input, size, output), .crc = libdeflate_crc32(0, input, size)};
  }

 private:
  Deflater deflater_;
};

class GzipFrame : public BlobFrame {
 public:
  std::string head() const override {
    using namespace std::string_view_literals;
    return std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff"sv);
  }

  void add(const CompressedBlock& block, std::size_t input_size) override {
    crc_ = combine_crc32(crc_, block.crc, input_size);
    size_ += input_size;
  }

  std::string tail() const override {
    // An empty final block.
    std::string bytes("\x03\0", 2);
    append(bytes, crc_);
    append(bytes, static_cast<std::uint32_t>(size_));
    return bytes;
  }

 private:
  static void append(std::string& bytes, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift & 0xff);
  }

  std::uint32_t crc_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace

std::unique_ptr<BlockCompressor> gzip_block_compressor(int level) { return std::make_unique<GzipCompressor>(level); }

std::unique_ptr<BlobFrame> gzip_frame() { return std::make_unique<GzipFrame>(); }

}  // namespace rpmoci

#include "layer/zstd.h"

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include <new>
#include <stdexcept>

namespace rpmoci {

namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

class ZstdCompressor : public BlockCompressor {
 public:
  explicit ZstdCompressor(int level) : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level));
    if (level == 1) {
      // zstd's own level 1 looks at every second position, this at every third. It takes a sixteenth of the time less
      // and makes a thirtieth more, as long as literals are still compressed.
      check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_targetLength, 2));
      check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_literalCompressionMode, ZSTD_ps_enable));
    }
    // The digest of the blob vouches for the bytes.
    check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 0));
  }

  std::size_t bound(std::size_t size) const override { return ZSTD_compressBound(size); }

  CompressedBlock compress(const char* input, std::size_t size, char* output) override {
    return {.size = check(ZSTD_compress2(context_.get(), output, bound(size), input, size))};
  }

 private:
  static std::size_t check(std::size_t result) {
    if (ZSTD_isError(result)) throw std::runtime_error(std::string("zstd: ") + ZSTD_getErrorName(result));
    return result;
  }

  std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
};

}  // namespace

std::unique_ptr<BlockCompressor> zstd_block_compressor(int level) { return std::make_unique<ZstdCompressor>(level); }

const char* zstd_version() { return ZSTD_versionString(); }

}  // namespace rpmoci

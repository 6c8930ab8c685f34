#include "layer/zstd_decoder.h"

#include <zstd.h>

#include <new>

#include "failure.h"

namespace rpmoci {

void ZstdDecoder::FreeContext::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

ZstdDecoder::ZstdDecoder() : context_(ZSTD_createDCtx()) {
  if (context_ == nullptr) throw std::bad_alloc();
}

ZstdDecoder::Step ZstdDecoder::decode(const char* input, std::size_t size, std::vector<char>& output) {
  output.resize(ZSTD_DStreamOutSize());
  ZSTD_inBuffer in{input, size, 0};
  ZSTD_outBuffer out{output.data(), output.size(), 0};
  const auto expected = ZSTD_decompressStream(context_.get(), &out, &in);
  if (ZSTD_isError(expected)) throw Failure("LAYER_READ", ZSTD_getErrorName(expected));
  const bool more = expected != 0 && out.pos == output.size();
  output.resize(out.pos);
  return {.read = in.pos, .more = more, .whole = expected == 0};
}

}  // namespace rpmoci

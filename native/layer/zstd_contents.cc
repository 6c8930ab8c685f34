#include "layer/zstd_contents.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <memory>
#include <new>
#include <vector>

#include "digest.h"
#include "failure.h"
#include "file_descriptor.h"
#include "quote.h"

namespace rpmoci {

namespace {

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

std::string digest_zstd_contents(const std::string& path, const std::string& algorithm,
                                 const std::atomic<bool>& cancelled) {
  const auto fail = [&path](const std::string& why) {
    throw Failure("LAYER_READ", "cannot unpack " + quote(path) + ": " + why);
  };
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) fail(reason(errno));
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) throw std::bad_alloc();
  Digest digest(algorithm);
  std::vector<char> packed(ZSTD_DStreamInSize());
  std::vector<char> unpacked(ZSTD_DStreamOutSize());
  // What zstd still expects: at the end of a frame nothing, and a file without any frame is not one of zstd's.
  std::size_t expected = 1;
  for (;;) {
    const auto count = ::read(file.get(), packed.data(), packed.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(reason(errno));
    if (count == 0) break;
    ZSTD_inBuffer input{packed.data(), static_cast<std::size_t>(count), 0};
    // Nothing is left inside at the end of a frame, or once the output is not filled up.
    for (bool filled = true; filled || input.pos < input.size;) {
      if (cancelled) throw Failure("CANCELLED", "the environment is being closed");
      ZSTD_outBuffer output{unpacked.data(), unpacked.size(), 0};
      expected = ZSTD_decompressStream(context.get(), &output, &input);
      if (ZSTD_isError(expected)) fail(ZSTD_getErrorName(expected));
      digest.update(unpacked.data(), output.pos);
      filled = expected != 0 && output.pos == output.size;
    }
  }
  if (expected != 0) fail("it ends too early");
  return digest.finish();
}

}  // namespace rpmoci

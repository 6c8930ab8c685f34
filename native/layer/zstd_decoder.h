// Zstandard frames (RFC 8878) unpacked piece by piece.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

struct ZSTD_DCtx_s;

namespace rpmoci {

class ZstdDecoder {
 public:
  ZstdDecoder();

  struct Step {
    /// Bytes of the input that were read.
    std::size_t read;
    /// There is more to be had of what was read.
    bool more;
    /// Everything so far is whole frames.
    bool whole;
  };

  /// Unpacks into `output`, which it makes as long as what came, 128 KiB at most. Throws Failure("LAYER_READ"), also
  /// for frames that need a window of more than 128 MiB.
  Step decode(const char* input, std::size_t size, std::vector<char>& output);

 private:
  struct FreeContext {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, FreeContext> context_;
};

}  // namespace rpmoci

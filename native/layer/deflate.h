// DEFLATE (RFC 1951), by a compressor of our own: the digests of images depend on its bytes.
#pragma once

#include <cstddef>
#include <memory>

namespace rpmoci {

class MatchFinder;

/// One thread's compressor. What it makes of an input depends on the input and the level alone: not on what was
/// compressed before, on the processor, or on any library's version.
class Deflater {
 public:
  /// `level`: 1 (fastest) to 9 (smallest).
  explicit Deflater(int level);
  ~Deflater();
  Deflater(Deflater&&) noexcept;

  /// The most bytes that `compress` makes of `size` bytes, with room for what it writes beyond its result.
  static std::size_t bound(std::size_t size);

  /// The most bytes that `compress` takes at once.
  static constexpr std::size_t max_input = std::size_t{1} << 30;

  /// Writes blocks none of which is the final one, and which end at a byte (with an empty stored block, zlib's
  /// "sync flush"): results can be put one after the other in one stream. They refer to nothing before `input`.
  /// `output` has room for `bound(size)` bytes. Returns the number of bytes in the result.
  std::size_t compress(const char* input, std::size_t size, char* output);

 private:
  std::unique_ptr<MatchFinder> finder_;
};

}  // namespace rpmoci

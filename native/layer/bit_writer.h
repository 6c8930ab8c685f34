// Bits, the lowest first, as DEFLATE wants them.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace rpmoci {

/// Writes up to 8 bytes beyond what it has been given.
class BitWriter {
 public:
  explicit BitWriter(char* output) : next_(output) {}

  /// At most 57 bits between two calls of `flush`.
  void add(std::uint64_t bits, unsigned count) {
    bits_ |= bits << count_;
    count_ += count;
  }

  void flush() {
    auto bytes = bits_;
    if constexpr (std::endian::native == std::endian::big) bytes = __builtin_bswap64(bytes);
    std::memcpy(next_, &bytes, sizeof bytes);
    next_ += count_ / 8;
    bits_ >>= count_ & ~7U;
    count_ &= 7;
  }

  void put(std::uint64_t bits, unsigned count) {
    add(bits, count);
    flush();
  }

  /// To the next byte, with zeros.
  void align() { put(0, (8 - count_) & 7); }

  /// At a byte.
  void copy(const void* bytes, std::size_t size) {
    std::memcpy(next_, bytes, size);
    next_ += size;
  }

  unsigned pending_bits() const { return count_; }
  char* position() const { return next_; }

 private:
  char* next_;
  std::uint64_t bits_ = 0;
  unsigned count_ = 0;
};

}  // namespace rpmoci

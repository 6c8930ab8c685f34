// Finds repetitions in an input and writes it as blocks of DEFLATE.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "layer/bit_writer.h"

namespace rpmoci {

class MatchFinder {
 public:
  virtual ~MatchFinder() = default;
  /// Its state is that of a new one afterwards.
  virtual void compress(const std::uint8_t* input, std::size_t size, BitWriter& bits) = 0;
};

/// One look for each position: level 1.
std::unique_ptr<MatchFinder> fast_match_finder();

/// Chains of positions, and a look at the next position before a match is taken: levels 2 to 9.
std::unique_ptr<MatchFinder> chain_match_finder(int level);

/// Numbers are read in the same byte order on every machine.
inline std::uint32_t load32(const std::uint8_t* bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap32(value);
  return value;
}

inline std::uint64_t load64(const std::uint8_t* bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

/// How many bytes from `a` and `b` on are equal; `a` is before `end`, and `b` before `a`.
inline std::size_t common_length(const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* end) {
  const auto* start = a;
  for (; end - a >= 8; a += 8, b += 8) {
    const auto difference = load64(a) ^ load64(b);
    if (difference != 0)
      return static_cast<std::size_t>(a - start) + static_cast<unsigned>(std::countr_zero(difference)) / 8;
  }
  while (a < end && *a == *b) ++a, ++b;
  return static_cast<std::size_t>(a - start);
}

}  // namespace rpmoci

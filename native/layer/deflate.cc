#include "layer/deflate.h"

#include "layer/bit_writer.h"
#include "layer/deflate_block.h"
#include "layer/match_finder.h"

namespace rpmoci {

namespace {

/// What BitWriter writes beyond its position.
constexpr std::size_t overhang = 16;
constexpr std::size_t sync_flush = 5;

}  // namespace

Deflater::Deflater(int level) : finder_(level <= 1 ? fast_match_finder() : chain_match_finder(level)) {}
Deflater::~Deflater() = default;
Deflater::Deflater(Deflater&&) noexcept = default;

std::size_t Deflater::bound(std::size_t size) {
  return stored_bound(size, size / most_block_tokens + 1) + sync_flush + overhang;
}

std::size_t Deflater::compress(const char* input, std::size_t size, char* output) {
  BitWriter bits(output);
  finder_->compress(reinterpret_cast<const std::uint8_t*>(input), size, bits);
  // An empty stored block ends at a byte.
  bits.put(0, 3);
  bits.align();
  bits.put(0xffff0000, 32);
  return static_cast<std::size_t>(bits.position() - output);
}

}  // namespace rpmoci

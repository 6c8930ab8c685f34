// Tokens as a block of DEFLATE.
#pragma once

#include <cstddef>
#include <cstdint>

#include "layer/bit_writer.h"
#include "layer/deflate_tokens.h"

namespace rpmoci {

/// Writes the tokens, which stand for the `size` bytes at `input`, as one block, or several stored ones: in whichever
/// of the three ways takes the fewest bits. Never final.
void write_block(const BlockTokens& block, const std::uint8_t* input, std::size_t size, BitWriter& bits);

/// The most bytes that blocks of together `size` bytes take when there are at most `blocks`.
constexpr std::size_t stored_bound(std::size_t size, std::size_t blocks) { return size + 5 * (size / 65535 + blocks); }

}  // namespace rpmoci

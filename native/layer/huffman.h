// Huffman codes of limited length.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace rpmoci {

/// The lengths of a code for symbols that occur `counts` times: none is longer than `limit`, symbols that do not occur
/// have 0. Equal counts give equal lengths. At least two symbols get a code, which some decoders insist on.
void code_lengths(std::span<const std::uint32_t> counts, unsigned limit, std::span<std::uint8_t> lengths);

/// The canonical code of RFC 1951, 3.2.2, each with its first bit as the lowest.
void assign_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes);

}  // namespace rpmoci

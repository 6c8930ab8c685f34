// What a match finder makes of an input, and how much of each symbol it takes to write it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rpmoci {

constexpr unsigned min_match = 3;
constexpr unsigned max_match = 258;
constexpr unsigned max_distance = 32768;
/// Shorter ones are not looked for: they save little, and are seldom far from costing more than their literals.
constexpr unsigned least_match = 4;

constexpr unsigned literal_symbols = 286;
constexpr unsigned distance_symbols = 30;
constexpr unsigned end_of_block = 256;
constexpr unsigned first_length_symbol = 257;

/// RFC 1951, 3.2.5: extra bits of lengths from symbol 257 on.
constexpr std::array<std::uint8_t, 29> length_extra_bits = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                            2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};

struct LengthTable {
  /// By length, the symbol less 257.
  std::array<std::uint8_t, max_match + 1> slot{};
  /// By slot, the shortest length.
  std::array<std::uint16_t, 29> base{};
};

consteval LengthTable make_length_table() {
  LengthTable table;
  unsigned length = min_match;
  for (unsigned slot = 0; slot < 28; ++slot) {
    table.base[slot] = static_cast<std::uint16_t>(length);
    for (unsigned end = length + (1U << length_extra_bits[slot]); length < end; ++length) {
      if (length <= max_match) table.slot[length] = static_cast<std::uint8_t>(slot);
    }
  }
  table.base[28] = max_match;
  table.slot[max_match] = 28;
  return table;
}

inline constexpr LengthTable length_table = make_length_table();

constexpr unsigned distance_extra_bits(unsigned symbol) { return symbol < 4 ? 0 : symbol / 2 - 1; }

constexpr unsigned distance_symbol(unsigned distance) {
  const unsigned less = distance - 1;
  if (less < 4) return less;
  const auto highest = static_cast<unsigned>(std::bit_width(less)) - 1;
  return 2 * highest + ((less >> (highest - 1)) & 1);
}

/// Literals, and then a match.
struct Token {
  std::uint32_t literals;
  std::uint16_t length;
  /// 32,768 does not fit into 15 bits, but into 16.
  std::uint16_t distance;
};

/// A block ends when it has so many tokens, or so many bytes: contents change, and codes should follow.
constexpr std::size_t most_block_tokens = 16384;
constexpr std::size_t most_block_bytes = std::size_t{1} << 17;
/// No longer match is taken at once.
constexpr std::size_t longest_run = std::size_t{1} << 15;

/// Tokens that become one block.
class BlockTokens {
 public:
  BlockTokens() : tokens_(most_block_tokens + longest_run / (max_match - least_match)) {}

  void clear() {
    count_ = 0;
    last_literals = 0;
    literal_counts.fill(0);
  }

  /// A match of at most `longest_run` bytes. If it is longer than DEFLATE knows, it becomes several tokens.
  void add(std::size_t literals, std::size_t length, unsigned distance) {
    auto count = static_cast<std::uint32_t>(literals);
    while (length > max_match) {
      // What is left must not be shorter than a match may be.
      const auto part = length < max_match + least_match ? length - least_match : max_match;
      tokens_[count_++] = {count, static_cast<std::uint16_t>(part), static_cast<std::uint16_t>(distance)};
      count = 0;
      length -= part;
    }
    tokens_[count_++] = {count, static_cast<std::uint16_t>(length), static_cast<std::uint16_t>(distance)};
  }

  void count_literals(const std::uint8_t* bytes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) ++literal_counts[bytes[i]];
  }

  std::span<const Token> tokens() const { return {tokens_.data(), count_}; }
  bool is_full() const { return count_ >= most_block_tokens; }

  /// Literals behind the last token.
  std::uint32_t last_literals = 0;
  /// How often each byte is a literal.
  std::array<std::uint32_t, literal_symbols> literal_counts{};

 private:
  std::vector<Token> tokens_;
  std::size_t count_ = 0;
};

}  // namespace rpmoci

#include "layer/deflate_block.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "layer/huffman.h"

namespace rpmoci {

namespace {

/// A bit less than the standard allows: four literals then fit between two flushes.
constexpr unsigned literal_limit = 14;
constexpr unsigned distance_limit = 15;
constexpr unsigned length_code_limit = 7;
constexpr unsigned length_code_symbols = 19;
constexpr std::size_t largest_stored = 65535;

enum class BlockType : unsigned { stored = 0, fixed = 1, dynamic = 2 };

struct Codes {
  std::array<std::uint8_t, literal_symbols + 2> literal_lengths{};
  std::array<std::uint16_t, literal_symbols + 2> literal_codes{};
  std::array<std::uint8_t, distance_symbols + 2> distance_lengths{};
  std::array<std::uint16_t, distance_symbols + 2> distance_codes{};

  void assign() {
    assign_codes(literal_lengths, literal_codes);
    assign_codes(distance_lengths, distance_codes);
  }
};

/// RFC 1951, 3.2.6.
const Codes& fixed_codes() {
  static const Codes codes = [] {
    Codes fixed;
    for (unsigned symbol = 0; symbol < fixed.literal_lengths.size(); ++symbol) {
      fixed.literal_lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    }
    fixed.distance_lengths.fill(5);
    fixed.assign();
    return fixed;
  }();
  return codes;
}

/// How often each symbol occurs.
struct Counts {
  explicit Counts(const BlockTokens& block) : literals(block.literal_counts) {
    for (const auto& token : block.tokens()) {
      ++literals[first_length_symbol + length_table.slot[token.length]];
      ++distances[distance_symbol(token.distance)];
    }
    ++literals[end_of_block];
  }

  std::array<std::uint32_t, literal_symbols> literals;
  std::array<std::uint32_t, distance_symbols> distances{};
};

std::uint64_t cost_of(const Counts& counts, const Codes& codes) {
  std::uint64_t bits = 0;
  for (unsigned symbol = 0; symbol < literal_symbols; ++symbol) {
    const unsigned extra = symbol < first_length_symbol ? 0 : length_extra_bits[symbol - first_length_symbol];
    bits += std::uint64_t{counts.literals[symbol]} * (codes.literal_lengths[symbol] + extra);
  }
  for (unsigned symbol = 0; symbol < distance_symbols; ++symbol) {
    bits += std::uint64_t{counts.distances[symbol]} * (codes.distance_lengths[symbol] + distance_extra_bits(symbol));
  }
  return bits;
}

/// The header of a block with codes of its own (RFC 1951, 3.2.7): lengths of codes, run-length encoded, in a code.
class DynamicHeader {
 public:
  explicit DynamicHeader(const Codes& codes) {
    literals_ = used(codes.literal_lengths, literal_symbols, 257);
    distances_ = used(codes.distance_lengths, distance_symbols, 1);
    std::array<std::uint8_t, literal_symbols + distance_symbols> lengths;
    std::copy_n(codes.literal_lengths.begin(), literals_, lengths.begin());
    std::copy_n(codes.distance_lengths.begin(), distances_, lengths.begin() + literals_);
    encode({lengths.data(), literals_ + distances_});
    std::array<std::uint32_t, length_code_symbols> counts{};
    for (std::size_t i = 0; i < item_count_; ++i) ++counts[items_[i].symbol];
    code_lengths(counts, length_code_limit, lengths_);
    assign_codes(lengths_, codes_);
    while (order_count_ > 4 && lengths_[order[order_count_ - 1]] == 0) --order_count_;
  }

  std::uint64_t cost() const {
    std::uint64_t bits = 5 + 5 + 4 + 3 * order_count_;
    for (std::size_t i = 0; i < item_count_; ++i) bits += lengths_[items_[i].symbol] + extra_bits(items_[i].symbol);
    return bits;
  }

  void write(BitWriter& bits) const {
    bits.put(literals_ - 257, 5);
    bits.put(distances_ - 1, 5);
    bits.put(order_count_ - 4, 4);
    for (std::size_t i = 0; i < order_count_; ++i) bits.put(lengths_[order[i]], 3);
    for (std::size_t i = 0; i < item_count_; ++i) {
      const auto& item = items_[i];
      bits.put(codes_[item.symbol], lengths_[item.symbol]);
      bits.put(item.extra, extra_bits(item.symbol));
    }
  }

 private:
  struct Item {
    std::uint8_t symbol;
    std::uint8_t extra;
  };

  static constexpr std::array<std::uint8_t, length_code_symbols> order = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                                          11, 4,  12, 3, 13, 2, 14, 1, 15};
  static constexpr std::uint8_t repeat_last = 16;
  static constexpr std::uint8_t few_zeros = 17;
  static constexpr std::uint8_t many_zeros = 18;

  static unsigned extra_bits(unsigned symbol) {
    return symbol == repeat_last ? 2 : symbol == few_zeros ? 3 : symbol == many_zeros ? 7 : 0;
  }

  template <class Lengths>
  static std::size_t used(const Lengths& lengths, std::size_t count, std::size_t least) {
    while (count > least && lengths[count - 1] == 0) --count;
    return count;
  }

  void add(std::uint8_t symbol, std::size_t extra = 0) {
    items_[item_count_++] = {symbol, static_cast<std::uint8_t>(extra)};
  }

  void encode(std::span<const std::uint8_t> lengths) {
    for (std::size_t start = 0; start < lengths.size();) {
      const auto length = lengths[start];
      auto end = start + 1;
      while (end < lengths.size() && lengths[end] == length) ++end;
      auto run = end - start;
      start = end;
      if (length == 0) {
        for (; run >= 11; run -= std::min<std::size_t>(run, 138)) add(many_zeros, std::min<std::size_t>(run, 138) - 11);
        if (run >= 3) add(few_zeros, std::exchange(run, 0) - 3);
      } else {
        add(length);
        --run;
        for (; run >= 3; run -= std::min<std::size_t>(run, 6)) add(repeat_last, std::min<std::size_t>(run, 6) - 3);
      }
      for (; run > 0; --run) add(length);
    }
  }

  std::array<Item, literal_symbols + distance_symbols> items_;
  std::size_t item_count_ = 0;
  std::array<std::uint8_t, length_code_symbols> lengths_{};
  std::array<std::uint16_t, length_code_symbols> codes_{};
  std::size_t literals_ = 0;
  std::size_t distances_ = 0;
  std::size_t order_count_ = length_code_symbols;
};

/// The bits of one symbol with its extra bits.
struct Bits {
  std::uint32_t value;
  std::uint32_t count;
};

void write_tokens(const BlockTokens& block, const std::uint8_t* input, const Codes& codes, BitWriter& output) {
  // A copy stays in registers: what it writes could otherwise be its own members, for all that a compiler knows.
  BitWriter bits = output;
  std::array<Bits, 256> literals;
  for (unsigned symbol = 0; symbol < 256; ++symbol) {
    literals[symbol] = {codes.literal_codes[symbol], codes.literal_lengths[symbol]};
  }
  std::array<Bits, max_match + 1> lengths;
  for (unsigned length = min_match; length <= max_match; ++length) {
    const unsigned slot = length_table.slot[length];
    const unsigned symbol = first_length_symbol + slot;
    const unsigned code_bits = codes.literal_lengths[symbol];
    lengths[length] = {codes.literal_codes[symbol] | (length - length_table.base[slot]) << code_bits,
                       code_bits + length_extra_bits[slot]};
  }
  const auto add = [&](Bits symbol) { bits.add(symbol.value, symbol.count); };
  const auto put_fours = [&](std::uint32_t& count) {
    for (; count > 4; count -= 4, input += 4) {
      for (int i = 0; i < 4; ++i) add(literals[input[i]]);
      bits.flush();
    }
  };
  for (const auto& token : block.tokens()) {
    auto count = token.literals;
    put_fours(count);
    // How many are left is hard to foresee: without a branch, four are looked up, all of which are in the input because
    // a match follows, and those that do not count add no bits.
    for (std::uint32_t i = 0; i < 4; ++i) {
      const auto symbol = literals[input[i]];
      const std::uint32_t mask = i < count ? ~0U : 0U;
      add({symbol.value & mask, symbol.count & mask});
    }
    bits.flush();
    input += count;
    add(lengths[token.length]);
    const unsigned symbol = distance_symbol(token.distance);
    bits.add(codes.distance_codes[symbol], codes.distance_lengths[symbol]);
    const unsigned extra = distance_extra_bits(symbol);
    bits.add((token.distance - 1U) & ((1U << extra) - 1), extra);
    bits.flush();
    input += token.length;
  }
  auto count = block.last_literals;
  put_fours(count);
  for (; count > 0; --count) add(literals[*input++]);
  bits.flush();
  bits.put(codes.literal_codes[end_of_block], codes.literal_lengths[end_of_block]);
  output = bits;
}

void put_type(BlockType type, BitWriter& bits) { bits.put(static_cast<unsigned>(type) << 1, 3); }

void write_stored(const std::uint8_t* input, std::size_t size, BitWriter& bits) {
  while (size > 0) {
    const auto part = std::min(size, largest_stored);
    put_type(BlockType::stored, bits);
    bits.align();
    bits.put(part, 16);
    bits.put(part ^ 0xffff, 16);
    bits.copy(input, part);
    input += part;
    size -= part;
  }
}

}  // namespace

void write_block(const BlockTokens& block, const std::uint8_t* input, std::size_t size, BitWriter& bits) {
  const Counts counts(block);
  Codes codes;
  code_lengths(counts.literals, literal_limit, std::span(codes.literal_lengths).first(literal_symbols));
  code_lengths(counts.distances, distance_limit, std::span(codes.distance_lengths).first(distance_symbols));
  const DynamicHeader header(codes);
  const auto dynamic_cost = header.cost() + cost_of(counts, codes);
  const auto fixed_cost = cost_of(counts, fixed_codes());
  const auto stored_cost = 8 * static_cast<std::uint64_t>(stored_bound(size, 1)) - 3;
  if (stored_cost <= std::min(dynamic_cost, fixed_cost)) {
    write_stored(input, size, bits);
  } else if (fixed_cost <= dynamic_cost) {
    put_type(BlockType::fixed, bits);
    write_tokens(block, input, fixed_codes(), bits);
  } else {
    codes.assign();
    put_type(BlockType::dynamic, bits);
    header.write(bits);
    write_tokens(block, input, codes, bits);
  }
}

}  // namespace rpmoci

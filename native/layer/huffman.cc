#include "layer/huffman.h"

#include <algorithm>

namespace rpmoci {

namespace {

constexpr unsigned longest = 15;
constexpr std::size_t most_symbols = 288;

struct Leaf {
  std::uint32_t count;
  std::uint16_t symbol;
};

/// By count, equal ones as they are: digit by digit, the lowest first, which takes no branch that is hard to foresee.
void sort_by_count(std::span<Leaf> leaves, std::uint32_t greatest) {
  constexpr unsigned digit_bits = 9;
  constexpr std::uint32_t digits = 1U << digit_bits;
  std::array<Leaf, most_symbols> sorted;
  for (unsigned shift = 0; shift < 32 && greatest >> shift != 0; shift += digit_bits) {
    std::array<std::uint16_t, digits + 1> starts{};
    const auto digit = [&](const Leaf& leaf) { return leaf.count >> shift & (digits - 1); };
    for (const auto& leaf : leaves) ++starts[digit(leaf) + 1];
    for (std::uint32_t i = 1; i < digits; ++i) starts[i] = static_cast<std::uint16_t>(starts[i] + starts[i - 1]);
    for (const auto& leaf : leaves) sorted[starts[digit(leaf)]++] = leaf;
    std::copy_n(sorted.begin(), leaves.size(), leaves.begin());
  }
}

/// The depth of each leaf of a Huffman tree over leaves that are sorted by their counts, by the two queues of leaves
/// and of inner nodes, both of which grow.
void tree_depths(std::span<const Leaf> leaves, std::span<std::uint16_t> depths) {
  const auto count = leaves.size();
  std::array<std::uint32_t, most_symbols> weights;
  std::array<std::uint16_t, 2 * most_symbols> parents;
  std::size_t next_leaf = 0;
  std::size_t next_inner = 0;
  for (std::size_t inner = 0; inner + 1 < count; ++inner) {
    std::uint32_t weight = 0;
    for (int child = 0; child < 2; ++child) {
      const bool takes_leaf =
          next_leaf < count && (next_inner == inner || leaves[next_leaf].count <= weights[next_inner]);
      weight += takes_leaf ? leaves[next_leaf].count : weights[next_inner];
      parents[takes_leaf ? next_leaf++ : count + next_inner++] = static_cast<std::uint16_t>(count + inner);
    }
    weights[inner] = weight;
  }
  // From the root down; the last inner node is the root.
  std::array<std::uint16_t, 2 * most_symbols> depth;
  const auto root = 2 * count - 2;
  depth[root] = 0;
  for (auto node = root; node-- > 0;) depth[node] = static_cast<std::uint16_t>(depth[parents[node]] + 1);
  std::copy_n(depth.begin(), count, depths.begin());
}

/// Makes the lengths of a complete code obey `limit`, and be complete again.
void limit_depths(std::span<std::uint16_t> depths, unsigned limit) {
  std::array<std::uint32_t, longest + 1> with_length{};
  // In units of the longest code's share.
  std::uint32_t used = 0;
  for (auto& depth : depths) {
    depth = static_cast<std::uint16_t>(std::min<unsigned>(depth, limit));
    used += 1U << (limit - depth);
    ++with_length[depth];
  }
  const auto available = 1U << limit;
  if (used <= available) return;
  // Each step makes the longest code that can be longer so, which frees the least.
  while (used > available) {
    unsigned length = limit - 1;
    while (with_length[length] == 0) --length;
    --with_length[length];
    ++with_length[length + 1];
    used -= 1U << (limit - length - 1);
  }
  // What was freed too much goes to the longest codes that fit.
  for (unsigned length = limit; length > 1 && used < available; --length) {
    while (with_length[length] > 0 && used + (1U << (limit - length)) <= available) {
      --with_length[length];
      ++with_length[length - 1];
      used += 1U << (limit - length);
    }
  }
  // The rarest symbols come first, and get the longest codes.
  std::size_t index = 0;
  for (unsigned length = limit; length > 0; --length) {
    for (auto count = with_length[length]; count > 0; --count) depths[index++] = static_cast<std::uint16_t>(length);
  }
}

}  // namespace

void code_lengths(std::span<const std::uint32_t> counts, unsigned limit, std::span<std::uint8_t> lengths) {
  std::array<Leaf, most_symbols> all;
  std::size_t count = 0;
  std::uint32_t greatest = 0;
  for (std::size_t symbol = 0; symbol < counts.size(); ++symbol) {
    lengths[symbol] = 0;
    greatest = std::max(greatest, counts[symbol]);
    if (counts[symbol] > 0) all[count++] = {counts[symbol], static_cast<std::uint16_t>(symbol)};
  }
  if (count < 2) {
    const std::size_t only = count == 1 ? all[0].symbol : 0;
    lengths[only] = 1;
    lengths[only == 0 ? 1 : 0] = 1;
    return;
  }
  const std::span leaves(all.data(), count);
  sort_by_count(leaves, greatest);
  std::array<std::uint16_t, most_symbols> storage;
  const std::span depths(storage.data(), count);
  tree_depths(leaves, depths);
  limit_depths(depths, limit);
  for (std::size_t i = 0; i < count; ++i) lengths[leaves[i].symbol] = static_cast<std::uint8_t>(depths[i]);
}

void assign_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes) {
  // By length, how many codes are one shorter; those of no length are none.
  std::array<std::uint16_t, longest + 2> shorter_by_one{};
  for (const auto length : lengths) ++shorter_by_one[length + 1];
  shorter_by_one[1] = 0;
  std::uint16_t code = 0;
  std::array<std::uint16_t, longest + 1> first{};
  for (unsigned length = 1; length <= longest; ++length) {
    code = static_cast<std::uint16_t>((code + shorter_by_one[length]) << 1);
    first[length] = code;
  }
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    const unsigned length = lengths[symbol];
    unsigned value = length == 0 ? 0 : first[length]++;
    unsigned reversed = 0;
    for (unsigned bit = 0; bit < length; ++bit, value >>= 1) reversed = reversed << 1 | (value & 1);
    codes[symbol] = static_cast<std::uint16_t>(reversed);
  }
}

}  // namespace rpmoci

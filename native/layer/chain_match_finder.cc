#include <algorithm>
#include <array>
#include <limits>

#include "layer/deflate_block.h"
#include "layer/deflate_tokens.h"
#include "layer/match_finder.h"

namespace rpmoci {

namespace {

struct Effort {
  /// Positions that are looked at for one match.
  unsigned chain;
  /// A match of this length is not tried to be bettered.
  unsigned enough;
  /// Positions behind the one with a match where a better one is looked for.
  unsigned lazy;
};

/// From level 2 on.
constexpr std::array<Effort, 8> efforts = {{
    {4, 16, 0},
    {8, 24, 0},
    {8, 24, 1},
    {16, 48, 1},
    {32, 96, 1},
    {64, 128, 2},
    {256, 200, 2},
    {1024, 258, 2},
}};

constexpr unsigned hash_bits = 15;
/// Bytes that are read at a position.
constexpr std::ptrdiff_t look_ahead = 8;

class ChainMatchFinder : public MatchFinder {
 public:
  explicit ChainMatchFinder(const Effort& effort) : effort_(effort) {}

  void compress(const std::uint8_t* input, std::size_t size, BitWriter& bits) override {
    heads_.fill(none);
    block_.clear();
    input_ = input;
    end_ = input + size;
    last_ = static_cast<std::ptrdiff_t>(size) > look_ahead ? end_ - look_ahead : input;
    const auto* block_start = input;
    const auto* anchor = input;
    const auto* at = input;
    while (at < last_) {
      auto match = find(at, 0);
      if (match.length == 0) {
        ++block_.literal_counts[*at++];
        continue;
      }
      for (unsigned step = 0; step < effort_.lazy && match.length < effort_.enough && at + 1 < last_;) {
        const auto later = find(at + 1 + step, match.length);
        if (!is_better(later, match, step + 1)) {
          ++step;
          continue;
        }
        for (const auto* const start = at + 1 + step; at < start;) ++block_.literal_counts[*at++];
        match = later;
        step = 0;
      }
      block_.add(static_cast<std::size_t>(at - anchor), match.length, match.distance);
      const auto* const next = at + match.length;
      for (at = std::max(at, inserted_); at < next && at < last_; ++at) insert(at);
      at = anchor = next;
      if (block_.is_full() || at - block_start >= static_cast<std::ptrdiff_t>(most_block_bytes)) {
        write_block(block_, block_start, static_cast<std::size_t>(at - block_start), bits);
        block_.clear();
        block_start = at;
      }
    }
    block_.count_literals(at, static_cast<std::size_t>(end_ - at));
    block_.last_literals = static_cast<std::uint32_t>(end_ - anchor);
    if (end_ > block_start) write_block(block_, block_start, static_cast<std::size_t>(end_ - block_start), bits);
    inserted_ = nullptr;
  }

 private:
  struct Match {
    /// 0 if there is none.
    unsigned length = 0;
    unsigned distance = 0;
  };

  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t window_mask = max_distance - 1;

  /// A longer match pays for the literals before it; a nearer one has fewer extra bits.
  static bool is_better(const Match& later, const Match& match, unsigned literals) {
    if (later.length == 0) return false;
    const auto bits = [](const Match& m) { return static_cast<int>(std::bit_width(m.distance)); };
    return 4 * static_cast<int>(later.length - match.length) + bits(match) - bits(later) >
           4 * static_cast<int>(literals) - 2;
  }

  /// The longest match at `at` that is longer than `than`. Every position is inserted once, in order.
  Match find(const std::uint8_t* at, unsigned than) {
    if (at >= last_) return {};
    const auto position = static_cast<std::uint32_t>(at - input_);
    auto candidate = heads_[hash(at)];
    if (at >= inserted_ || inserted_ == nullptr) {
      insert(at);
    } else {
      candidate = previous_[position & window_mask];
    }
    const auto longest = static_cast<unsigned>(std::min<std::ptrdiff_t>(max_match, end_ - at));
    Match best{.length = std::max(than, least_match - 1), .distance = 0};
    for (unsigned left = effort_.chain; left > 0 && candidate != none && position - candidate <= max_distance; --left) {
      const auto* const earlier = input_ + candidate;
      if (best.length >= longest) break;
      if (earlier[best.length] == at[best.length] && load32(earlier) == load32(at)) {
        const auto length = static_cast<unsigned>(common_length(at, earlier, at + longest));
        if (length > best.length) best = {length, position - candidate};
        if (length >= effort_.enough) break;
      }
      const auto next = previous_[candidate & window_mask];
      // An overwritten link leads forward.
      if (next >= candidate) break;
      candidate = next;
    }
    return best.distance == 0 ? Match{} : best;
  }

  void insert(const std::uint8_t* at) {
    auto& head = heads_[hash(at)];
    const auto position = static_cast<std::uint32_t>(at - input_);
    previous_[position & window_mask] = head;
    head = position;
    inserted_ = at + 1;
  }

  static std::uint32_t hash(const std::uint8_t* at) { return (load32(at) * 0x9E3779B1U) >> (32 - hash_bits); }

  const Effort effort_;
  const std::uint8_t* input_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  /// From here on nothing is looked for.
  const std::uint8_t* last_ = nullptr;
  /// Behind the last position that the chains have.
  const std::uint8_t* inserted_ = nullptr;
  std::array<std::uint32_t, std::size_t{1} << hash_bits> heads_;
  /// By position in the window, the one before with the same hash.
  std::array<std::uint32_t, max_distance> previous_;
  BlockTokens block_;
};

}  // namespace

std::unique_ptr<MatchFinder> chain_match_finder(int level) {
  return std::make_unique<ChainMatchFinder>(efforts[static_cast<std::size_t>(level) - 2]);
}

}  // namespace rpmoci

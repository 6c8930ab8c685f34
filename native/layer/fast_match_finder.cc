#include <algorithm>
#include <array>

#include "layer/deflate_block.h"
#include "layer/deflate_tokens.h"
#include "layer/match_finder.h"

namespace rpmoci {

namespace {

/// The table fits into the processor's first cache.
constexpr unsigned hash_bits = 14;
/// Bytes that a match has at least. Shorter ones save little, and each match costs the processor a wrong guess or two.
constexpr unsigned hashed_bytes = 6;
/// Bytes that are read from a position on, and from the one behind it.
constexpr std::ptrdiff_t look_ahead = 9;
/// Literals in a row after which positions are left out, the more the longer it goes on.
constexpr unsigned patience_bits = 8;

class FastMatchFinder : public MatchFinder {
 public:
  void compress(const std::uint8_t* input, std::size_t size, BitWriter& bits) override {
    places_.fill(0);
    block_.clear();
    const auto* const end = input + size;
    const auto* const last = static_cast<std::ptrdiff_t>(size) > look_ahead ? end - look_ahead : input;
    const auto* block_start = input;
    // Where the literals begin that no token has yet.
    const auto* anchor = input;
    const auto* at = input;
    // Nothing is before the first byte, whose position is that of all places which were not used yet.
    if (at < last) ++block_.literal_counts[*at++];
    while (at < last) {
      // Two positions at a time: which of them has a match is hard to foresee, whether one has less so.
      const auto first = look(at, input);
      const auto second = look(at + 1, input);
      if ((static_cast<unsigned>(first.is_match) | static_cast<unsigned>(second.is_match)) == 0) {
        at = pass_literals(anchor, at, last);
        continue;
      }
      block_.literal_counts[*at] += first.is_match ? 0 : 1;
      const auto& found = first.is_match ? first : second;
      at += first.is_match ? 0 : 1;
      const auto length = found.difference != 0
                              ? static_cast<unsigned>(std::countr_zero(found.difference)) / 8
                              : 8 + common_length(at + 8, at + 8 - found.distance, std::min(end, at + longest_run));
      block_.add(static_cast<std::size_t>(at - anchor), length, found.distance);
      at += length;
      anchor = at;
      if (at < last) remember_inside(at - length, at, input);
      if (block_.is_full() || at - block_start >= static_cast<std::ptrdiff_t>(most_block_bytes)) {
        write_block(block_, block_start, static_cast<std::size_t>(at - block_start), bits);
        block_.clear();
        block_start = at;
      }
    }
    block_.count_literals(at, static_cast<std::size_t>(end - at));
    block_.last_literals = static_cast<std::uint32_t>(end - anchor);
    if (end > block_start) write_block(block_, block_start, static_cast<std::size_t>(end - block_start), bits);
  }

 private:
  struct Look {
    /// Of the next 8 bytes with those at the earlier position.
    std::uint64_t difference;
    unsigned distance;
    bool is_match;
  };

  Look look(const std::uint8_t* at, const std::uint8_t* input) {
    const auto bytes = load64(at);
    auto& place = places_[hash(bytes)];
    const auto position = static_cast<std::uint32_t>(at - input);
    // The next position before `at` that the place may stand for, within the reach of a match. It may be that of other
    // bytes, of which the place was, 32 KiB or more before: what counts is that the bytes are the same.
    const unsigned distance = ((position - place - 1) & (max_distance - 1)) + 1;
    place = static_cast<std::uint16_t>(position);
    const auto difference = load64(at - distance) ^ bytes;
    return {difference, distance, only_hashed(difference) == 0};
  }

  const std::uint8_t* pass_literals(const std::uint8_t* anchor, const std::uint8_t* at, const std::uint8_t* last) {
    const auto literals = at - anchor;
    if (literals < 1 << patience_bits) {
      ++block_.literal_counts[at[0]];
      ++block_.literal_counts[at[1]];
      return at + 2;
    }
    // What has had no match for long will have none soon.
    const auto count = std::min(2 + (literals >> patience_bits), last + 1 - at);
    block_.count_literals(at, static_cast<std::size_t>(count));
    return at + count;
  }

  static std::uint64_t only_hashed(std::uint64_t bytes) { return bytes << (64 - 8 * hashed_bytes); }

  static std::uint32_t hash(std::uint64_t bytes) {
    // 2^64 divided by the golden ratio; shifted, it leaves out the bytes that are not hashed.
    constexpr std::uint64_t factor = 0x9E3779B97F4A7C15 << (64 - 8 * hashed_bytes);
    return static_cast<std::uint32_t>((bytes * factor) >> (64 - hash_bits));
  }

  /// A match is not looked through: of its positions, these are where a later one begins most often.
  void remember_inside(const std::uint8_t* begin, const std::uint8_t* end, const std::uint8_t* input) {
    remember(begin + 3, input);
    remember(end - 3, input);
    remember(end - 1, input);
  }

  void remember(const std::uint8_t* at, const std::uint8_t* input) {
    places_[hash(load64(at))] = static_cast<std::uint16_t>(at - input);
  }

  /// By hash, the last position that has it, less what does not fit.
  std::array<std::uint16_t, std::size_t{1} << hash_bits> places_;
  BlockTokens block_;
};

}  // namespace

std::unique_ptr<MatchFinder> fast_match_finder() { return std::make_unique<FastMatchFinder>(); }

}  // namespace rpmoci

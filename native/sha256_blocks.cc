#include "sha256_blocks.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

namespace rpmoci {

namespace {

#define RPMOCI_SHA_UNIT __attribute__((target("sha,sse4.1,ssse3")))

alignas(16) constexpr std::uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// One message on its way: the state as the instructions want it (words A B E F and C D G H), and the last four groups
/// of four words of the message schedule.
struct Lane {
  std::uint32_t* words;
  const std::uint8_t* data;
  __m128i abef;
  __m128i cdgh;
  __m128i schedule[4];

  RPMOCI_SHA_UNIT void load() {
    const auto abcd = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
    const auto efgh = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words + 4));
    const auto cdab = _mm_shuffle_epi32(abcd, 0xB1);
    const auto hgfe = _mm_shuffle_epi32(efgh, 0x1B);
    abef = _mm_alignr_epi8(cdab, hgfe, 8);
    cdgh = _mm_blend_epi16(hgfe, cdab, 0xF0);
  }

  RPMOCI_SHA_UNIT void store() const {
    const auto feba = _mm_shuffle_epi32(abef, 0x1B);
    const auto dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(words), _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(words + 4), _mm_alignr_epi8(dchg, feba, 8));
  }

  RPMOCI_SHA_UNIT void next_words(int group) {
    auto& words_now = schedule[group % 4];
    if (group < 4) {
      const auto big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
      words_now = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(data) + group), big_endian);
      return;
    }
    const auto before = schedule[(group + 3) % 4];
    const auto sum = _mm_add_epi32(_mm_sha256msg1_epu32(words_now, schedule[(group + 1) % 4]),
                                   _mm_alignr_epi8(before, schedule[(group + 2) % 4], 4));
    words_now = _mm_sha256msg2_epu32(sum, before);
  }

  RPMOCI_SHA_UNIT void four_rounds(int group) {
    const auto constants = _mm_load_si128(reinterpret_cast<const __m128i*>(round_constants) + group);
    const auto input = _mm_add_epi32(schedule[group % 4], constants);
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(input, 0x0E));
  }
};

template <int Count>
RPMOCI_SHA_UNIT void take_blocks(Lane (&lanes)[Count], std::size_t blocks) {
  for (auto& lane : lanes) lane.load();
  for (; blocks > 0; --blocks) {
    __m128i abef[Count];
    __m128i cdgh[Count];
    for (int i = 0; i < Count; ++i) {
      abef[i] = lanes[i].abef;
      cdgh[i] = lanes[i].cdgh;
    }
#pragma GCC unroll 16
    for (int group = 0; group < 16; ++group) {
      for (auto& lane : lanes) lane.next_words(group);
      for (auto& lane : lanes) lane.four_rounds(group);
    }
    for (int i = 0; i < Count; ++i) {
      lanes[i].abef = _mm_add_epi32(lanes[i].abef, abef[i]);
      lanes[i].cdgh = _mm_add_epi32(lanes[i].cdgh, cdgh[i]);
      lanes[i].data += 64;
    }
  }
  for (auto& lane : lanes) lane.store();
}

}  // namespace

bool has_sha256_unit() {
  static const bool has = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    constexpr unsigned sse41 = 1U << 19, ssse3 = 1U << 9, sha = 1U << 29;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & sse41) == 0 || (c & ssse3) == 0) return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & sha) != 0;
  }();
  return has;
}

RPMOCI_SHA_UNIT void sha256_blocks(std::uint32_t* state, const std::uint8_t* data, std::size_t count) {
  Lane lanes[] = {{.words = state, .data = data}};
  take_blocks(lanes, count);
}

RPMOCI_SHA_UNIT void sha256_blocks_of_two(std::uint32_t* state_a, const std::uint8_t* data_a, std::uint32_t* state_b,
                                          const std::uint8_t* data_b, std::size_t count) {
  Lane lanes[] = {{.words = state_a, .data = data_a}, {.words = state_b, .data = data_b}};
  take_blocks(lanes, count);
}

}  // namespace rpmoci

#else

namespace rpmoci {

bool has_sha256_unit() { return false; }
void sha256_blocks(std::uint32_t*, const std::uint8_t*, std::size_t) {}
void sha256_blocks_of_two(std::uint32_t*, const std::uint8_t*, std::uint32_t*, const std::uint8_t*, std::size_t) {}

}  // namespace rpmoci

#endif

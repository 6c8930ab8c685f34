// SHA-256, incrementally.
#pragma once

#include <nettle/sha2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace rpmoci {

using Sha256Digest = std::array<std::uint8_t, 32>;

/// Nettle's, because it is a plain structure without global state or initialisation, and shares no symbol with the
/// OpenSSL that the Node executable exports; whole blocks go to the processor's SHA unit, where there is one.
class Sha256 {
 public:
  Sha256() { sha256_init(&context_); }
  void update(std::span<const char> bytes);
  /// As much as both have of each, at about the cost of one of them. Returns how many bytes of each it took.
  static std::size_t update_two(Sha256& a, std::span<const char> bytes_a, Sha256& b, std::span<const char> bytes_b);
  /// Begins anew.
  Sha256Digest digest();
  /// 64 lower-case hexadecimal digits; begins anew.
  std::string finish();

 private:
  /// Makes the next byte the first of a block, and returns what is left.
  std::span<const char> fill_block(std::span<const char> bytes);

  sha256_ctx context_;
};

}  // namespace rpmoci

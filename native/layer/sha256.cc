#include "layer/sha256.h"

#include <nettle/version.h>

#include <array>
#include <cstdint>

namespace rpmoci {

std::string Sha256::finish() {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest;
#if NETTLE_VERSION_MAJOR >= 4
  sha256_digest(&context_, digest.data());
#else
  sha256_digest(&context_, digest.size(), digest.data());
#endif
  std::string text;
  for (const auto byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace rpmoci

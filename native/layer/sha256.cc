#include "layer/sha256.h"

#include <nettle/version.h>

#include <array>
#include <cstdint>

#include "hex.h"

namespace rpmoci {

std::string Sha256::finish() {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest;
#if NETTLE_VERSION_MAJOR >= 4
  sha256_digest(&context_, digest.data());
#else
  sha256_digest(&context_, digest.size(), digest.data());
#endif
  return to_hex(digest.data(), digest.size());
}

}  // namespace rpmoci

#include "layer/sha256.h"

#include <nettle/version.h>

#include <cstdint>

#include "hex.h"

namespace rpmoci {

Sha256Digest Sha256::digest() {
  Sha256Digest digest;
#if NETTLE_VERSION_MAJOR >= 4
  sha256_digest(&context_, digest.data());
#else
  sha256_digest(&context_, digest.size(), digest.data());
#endif
  return digest;
}

std::string Sha256::finish() {
  const auto bytes = digest();
  return to_hex(bytes.data(), bytes.size());
}

}  // namespace rpmoci

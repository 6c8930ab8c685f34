// SHA-256, incrementally.
#pragma once

#include <nettle/sha2.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "layer/ownership.h"

namespace rpmoci {

/// Nettle's, because it is a plain structure without global state or initialisation, uses the processor's SHA unit, and
/// shares no symbol with the OpenSSL that the Node executable exports.
class Sha256 {
 public:
  Sha256() { sha256_init(&context_); }
  void update(const void* bytes, std::size_t size) {
    sha256_update(&context_, size, static_cast<const std::uint8_t*>(bytes));
  }
  /// Begins anew.
  Sha256Digest digest();
  /// 64 lower-case hexadecimal digits; begins anew.
  std::string finish();

 private:
  sha256_ctx context_;
};

}  // namespace rpmoci

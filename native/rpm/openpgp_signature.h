// What an OpenPGP signature says about itself, beyond what librpm tells of it (RFC 4880 and RFC 9580, section 5.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rpm/openpgp_packet.h"

namespace rpmoci {

struct Signature {
  uint8_t version = 0;
  /// 0x00 is one of a binary document, 0x10 to 0x13 and 0x18 bind parts of a certificate, …
  uint8_t type = 0;
  /// Seconds since the epoch; 0 when it does not say.
  uint64_t created = 0;
  /// Seconds after `created`; 0 for never.
  uint64_t lifetime = 0;
  /// Seconds after the key's creation; 0 for never.
  uint64_t key_lifetime = 0;
  /// 16 lower-case hexadecimal digits; empty when it does not say.
  std::string issuer;
  /// Of version 6: what is hashed before the document. A part of the packet.
  Bytes salt{};
};

/// Reads the body of a signature packet of version 4 or 6; nothing for others and for what is too short.
std::optional<Signature> read_signature(Bytes body);

}  // namespace rpmoci

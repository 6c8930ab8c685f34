#include "rpm/openpgp_signature.h"

#include "hex.h"

namespace rpmoci {

namespace {

void read_subpackets(Bytes area, bool hashed, Signature& signature) {
  size_t at = 0;
  while (at < area.size) {
    uint64_t length = area.data[at];
    size_t width = 1;
    if (length == 255) {
      length = area.number(at + 1, 4).value_or(0);
      width = 5;
    } else if (length >= 192) {
      length = ((length - 192) << 8) + area.number(at + 1, 1).value_or(0) + 192;
      width = 2;
    }
    at += width;
    if (length == 0 || at >= area.size || length > area.size - at) return;
    const auto content = area.part(at + 1, length - 1);
    switch (area.data[at] & 0x7f) {
      case 2:
        if (hashed) signature.created = content.number(0, 4).value_or(0);
        break;
      case 3:
        if (hashed) signature.lifetime = content.number(0, 4).value_or(0);
        break;
      case 9:
        if (hashed) signature.key_lifetime = content.number(0, 4).value_or(0);
        break;
      case 16:
        if (content.size == 8) signature.issuer = to_hex(content.data, content.size);
        break;
      case 33:  // issuer fingerprint, behind its version
        if (content.size == 21) signature.issuer = to_hex(content.data + 13, 8);
        if (content.size == 33) signature.issuer = to_hex(content.data + 1, 8);
        break;
      default:
        break;
    }
    at += length;
  }
}

}  // namespace

std::optional<Signature> read_signature(Bytes body) {
  const auto version = body.number(0, 1).value_or(0);
  if (version != 4 && version != 6) return std::nullopt;
  const size_t width = version == 4 ? 2 : 4;
  Signature signature;
  signature.version = static_cast<uint8_t>(version);
  signature.type = static_cast<uint8_t>(body.number(1, 1).value_or(0));
  const auto hashed = body.number(4, width);
  if (!hashed) return std::nullopt;
  read_subpackets(body.part(4 + width, *hashed), true, signature);
  const auto unhashed_at = 4 + width + *hashed;
  const auto unhashed = body.number(unhashed_at, width);
  if (unhashed) read_subpackets(body.part(unhashed_at + width, *unhashed), false, signature);
  if (unhashed && version == 6) {
    // Behind two bytes of the hash.
    const auto salt_at = unhashed_at + width + *unhashed + 2;
    signature.salt = body.part(salt_at + 1, body.number(salt_at, 1).value_or(0));
  }
  return signature;
}

}  // namespace rpmoci

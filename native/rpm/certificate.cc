#include "rpm/certificate.h"

#include <rpm/rpmcrypto.h>

#include <algorithm>
#include <optional>

#include "rpm/hex.h"

namespace rpmoci {

namespace {

struct Bytes {
  const uint8_t* data;
  size_t size;

  /// Big-endian number of `width` bytes at `at`; nothing when it lies outside.
  std::optional<uint64_t> number(size_t at, size_t width) const {
    if (at > size || width > size - at) return std::nullopt;
    uint64_t value = 0;
    for (size_t i = 0; i < width; ++i) value = value << 8 | data[at + i];
    return value;
  }
  /// The part from `at` on, at most `length` long.
  Bytes part(size_t at, size_t length) const {
    at = std::min(at, size);
    return {data + at, std::min(length, size - at)};
  }
};

enum PacketTag : uint8_t { kSignature = 2, kPrimaryKey = 6, kSubkey = 14 };

struct Packet {
  uint8_t tag;
  Bytes body;
};

/// Takes one packet off the front. Nothing at the end, and for what no certificate holds (partial lengths).
std::optional<Packet> next_packet(Bytes& rest) {
  const auto head = rest.number(0, 1);
  if (!head || (*head & 0x80) == 0) return std::nullopt;
  size_t header_size = 0;
  std::optional<uint64_t> length;
  uint8_t tag = 0;
  if (*head & 0x40) {
    tag = *head & 0x3f;
    const auto first = rest.number(1, 1);
    if (!first) return std::nullopt;
    if (*first < 192) {
      header_size = 2;
      length = *first;
    } else if (*first < 224) {
      header_size = 3;
      if (const auto second = rest.number(2, 1)) length = ((*first - 192) << 8) + *second + 192;
    } else if (*first == 255) {
      header_size = 6;
      length = rest.number(2, 4);
    }
  } else {
    tag = *head >> 2 & 0x0f;
    if ((*head & 3) == 3) return std::nullopt;
    const size_t width = size_t{1} << (*head & 3);
    header_size = 1 + width;
    length = rest.number(1, width);
  }
  if (!length || header_size > rest.size || *length > rest.size - header_size) return std::nullopt;
  const Packet packet{tag, rest.part(header_size, *length)};
  rest = rest.part(header_size + *length, rest.size);
  return packet;
}

std::string digest_hex(int algorithm, const std::vector<uint8_t>& prefix, Bytes body) {
  const auto context = rpmDigestInit(algorithm, RPMDIGEST_NONE);
  if (context == nullptr) return "";
  rpmDigestUpdate(context, prefix.data(), prefix.size());
  rpmDigestUpdate(context, body.data, body.size);
  void* text = nullptr;
  size_t length = 0;
  std::string hex;
  if (rpmDigestFinal(context, &text, &length, 1) == 0 && text != nullptr) hex = static_cast<const char*>(text);
  std::free(text);
  return hex;
}

/// The key id: the fingerprint's last 8 bytes in version 4, its first 8 in version 6. Empty for other versions.
std::string key_id(Bytes body) {
  const auto version = body.number(0, 1).value_or(0);
  const auto byte = [&](unsigned shift) { return static_cast<uint8_t>(body.size >> shift); };
  if (version == 4) {
    const auto fingerprint = digest_hex(RPM_HASH_SHA1, {0x99, byte(8), byte(0)}, body);
    return fingerprint.size() < 16 ? "" : fingerprint.substr(fingerprint.size() - 16);
  }
  if (version == 6) {
    return digest_hex(RPM_HASH_SHA256, {0x9b, byte(24), byte(16), byte(8), byte(0)}, body).substr(0, 16);
  }
  return "";
}

struct Signature {
  uint8_t type = 0;
  uint64_t created = 0;
  /// Seconds after the key's creation; 0 for never.
  uint64_t key_lifetime = 0;
  std::string issuer;
};

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

std::optional<Signature> read_signature(Bytes body) {
  const auto version = body.number(0, 1).value_or(0);
  if (version != 4 && version != 6) return std::nullopt;
  const size_t width = version == 4 ? 2 : 4;
  Signature signature;
  signature.type = static_cast<uint8_t>(body.number(1, 1).value_or(0));
  const auto hashed = body.number(4, width);
  if (!hashed) return std::nullopt;
  read_subpackets(body.part(4 + width, *hashed), true, signature);
  const auto unhashed_at = 4 + width + *hashed;
  const auto unhashed = body.number(unhashed_at, width);
  if (unhashed) read_subpackets(body.part(unhashed_at + width, *unhashed), false, signature);
  return signature;
}

/// A key while its signatures are being read.
struct Reading {
  KeyValidity key;
  uint64_t created = 0;
  /// When the self-signature was made that told when the key expires; the newest one counts.
  uint64_t told = 0;

  void take(const Signature& signature, const std::string& primary_id, bool subkey) {
    if (!signature.issuer.empty() && signature.issuer != primary_id) return;
    if (signature.type == (subkey ? 0x28 : 0x20)) key.revoked = true;
    const bool binds =
        subkey ? signature.type == 0x18 : (signature.type >= 0x10 && signature.type <= 0x13) || signature.type == 0x1f;
    if (!binds || signature.created < told) return;
    told = signature.created;
    key.expires = signature.key_lifetime == 0 ? 0 : created + signature.key_lifetime;
  }
};

}  // namespace

std::string KeyValidity::objection(time_t when) const {
  if (revoked) return "the key " + id + " is revoked";
  if (expires == 0 || when < 0 || static_cast<uint64_t>(when) < expires) return "";
  const auto moment = static_cast<time_t>(expires);
  std::tm parts{};
  char text[32] = "";
  if (gmtime_r(&moment, &parts) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return "the key " + id + " expired at " + text;
}

std::vector<KeyValidity> key_validities(const uint8_t* packets, size_t size) {
  std::vector<Reading> keys;
  Bytes rest{packets, size};
  while (const auto packet = next_packet(rest)) {
    if (packet->tag == kPrimaryKey || packet->tag == kSubkey) {
      keys.emplace_back();
      keys.back().key.id = key_id(packet->body);
      keys.back().created = packet->body.number(1, 4).value_or(0);
    } else if (packet->tag == kSignature && !keys.empty()) {
      if (const auto signature = read_signature(packet->body)) {
        keys.back().take(*signature, keys.front().key.id, keys.size() > 1);
      }
    }
  }
  std::vector<KeyValidity> result;
  for (const auto& reading : keys) {
    auto key = reading.key;
    const auto& primary = keys.front().key;
    key.revoked = key.revoked || primary.revoked;
    if (primary.expires != 0 && (key.expires == 0 || primary.expires < key.expires)) key.expires = primary.expires;
    result.push_back(std::move(key));
  }
  return result;
}

}  // namespace rpmoci

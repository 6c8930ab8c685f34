#include "rpm/certificate.h"

#include <rpm/rpmcrypto.h>

#include "rpm/openpgp_packet.h"
#include "rpm/openpgp_signature.h"

namespace rpmoci {

namespace {

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

/// Empty for versions other than 4 and 6.
std::string fingerprint_of(Bytes body) {
  const auto byte = [&](unsigned shift) { return static_cast<uint8_t>(body.size >> shift); };
  switch (body.number(0, 1).value_or(0)) {
    case 4:
      return digest_hex(RPM_HASH_SHA1, {0x99, byte(8), byte(0)}, body);
    case 6:
      return digest_hex(RPM_HASH_SHA256, {0x9b, byte(24), byte(16), byte(8), byte(0)}, body);
    default:
      return "";
  }
}

/// The fingerprint's last 8 bytes in version 4, its first 8 in version 6.
std::string key_id(const std::string& fingerprint) {
  constexpr size_t v4_digits = 40;
  return fingerprint.size() == v4_digits ? fingerprint.substr(v4_digits - 16) : fingerprint.substr(0, 16);
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
      keys.back().key.fingerprint = fingerprint_of(packet->body);
      keys.back().key.id = key_id(keys.back().key.fingerprint);
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

// What an OpenPGP certificate says about its keys' validity. librpm 4.18 looks at revoked subkeys only; which newer
// generations look at depends on their OpenPGP library. So we look ourselves, always.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

namespace rpmoci {

struct KeyValidity {
  /// 16 lower-case hexadecimal digits.
  std::string id;
  /// 40 of them in version 4, 64 in version 6.
  std::string fingerprint;
  bool revoked = false;
  /// Seconds since the epoch; 0 for never. A subkey expires with its primary key at the latest.
  uint64_t expires = 0;

  /// Why the key must not be relied on at `when`; empty when it may be.
  std::string objection(time_t when) const;
};

/// Reads a certificate (RFC 4880 and RFC 9580: a primary key, user ids, subkeys and their signatures, versions 4 and 6)
/// and returns its keys, the primary one first. The self-signatures are not verified: the certificate is what the user
/// trusts, and nothing that is read here can make a key more valid than librpm found it. Unknown parts are skipped.
std::vector<KeyValidity> key_validities(const uint8_t* packets, size_t size);

}  // namespace rpmoci

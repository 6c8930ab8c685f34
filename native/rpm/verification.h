// Digests and signatures of whole RPM files, checked by librpm against given keys.
#pragma once

#include <string>
#include <vector>

#include "rpm/keyring.h"

namespace rpmoci {

struct Verification {
  std::string path;
  /// `good`, `unsigned`, `unknown-key`, `bad-signature`, `bad-digest` or `unreadable`.
  const char* verdict;
  /// 16 hexadecimal digits; empty when there is no signature.
  std::string key_id;
  /// Fingerprints of those keys of the ring, subkeys included, that its signatures name.
  std::vector<std::string> signers;
  /// librpm's words for each element that it checked, and our own objections.
  std::vector<std::string> details;
};

/// Checks one file. `good` means: header and payload are both covered by digests that are right and by a signature of a
/// key of the ring (over both, or over the header, which then vouches for the payload's digest), no element is bad, and
/// the key is not revoked and had not expired when it signed. Signatures by keys that are not in the ring do no harm
/// beside a good one. Does not throw for a bad file: `unreadable` says that it is none of librpm's. Several threads may
/// do it at the same time, with the same keyring.
Verification verify_package(const std::string& path, const Keyring& keyring);

}  // namespace rpmoci

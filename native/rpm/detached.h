// Detached OpenPGP signatures over any data (RFC 9580, section 10.4), checked by librpm against given keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rpm/keyring.h"

namespace rpmoci {

struct DetachedVerification {
  /// `good`, `unknown-key`, `bad-signature` or `unreadable`.
  const char* verdict = "unreadable";
  /// 16 hexadecimal digits of the key that stands for the verdict; empty when no signature names one.
  std::string key_id;
  /// One line for each signature, librpm's remarks, and our own objections.
  std::vector<std::string> details;
};

/// Checks `data` against the signatures in `signature`: packets, or one or more ASCII-armoured blocks of them. `good`
/// means: at least one signature is by a key of the ring and right, and none by such a key is wrong, has expired by
/// now, or was made when the key had expired or by one that is revoked. Signatures by other keys, and those of a kind
/// that this librpm cannot check, do no harm beside a good one. Does not throw for a bad signature. Takes RpmLibrary's
/// lock.
DetachedVerification verify_detached(std::string_view data, std::string_view signature, const Keyring& keyring);

}  // namespace rpmoci

// Who a package's signatures say made them.
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "rpm/handles.h"
#include "rpm/keyring.h"

namespace rpmoci {

/// Who made a signature, and when, as the signature itself says.
struct Issuer {
  /// 16 lower-case hexadecimal digits.
  std::string key_id;
  /// 0 when it does not say.
  time_t signed_at;
};

/// Of every signature in a signature header that can be read.
std::vector<Issuer> issuers_of(Header signature_header);

/// The fingerprints of those keys of the ring, subkeys included, that are among the issuers; each once.
std::vector<std::string> known_issuers(const std::vector<Issuer>& issuers, const Keyring& keyring);

/// `known_issuers` of an RPM file, of which only the lead and the signature header need be there. Nothing is verified.
/// Empty for a file without these.
std::vector<std::string> claimed_signers(const std::string& path, const Keyring& keyring);

}  // namespace rpmoci

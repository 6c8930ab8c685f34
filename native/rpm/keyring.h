// The keys that a verification may rely on: those given, never the host's.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "rpm/certificate.h"
#include "rpm/handles.h"

namespace rpmoci {

class Keyring {
 public:
  /// `texts` hold ASCII-armoured public keys, any number each, with anything between them. Keys that this librpm cannot
  /// use (an unknown algorithm) are left out as long as their text holds one that it can, and named in `notes`.
  /// Throws Failure("KEY_UNREADABLE") naming the index of a text without a usable key. Under RpmLibrary's lock.
  explicit Keyring(const std::vector<std::string>& texts);

  rpmKeyring get() const { return keyring_.get(); }
  const std::vector<std::string>& notes() const { return notes_; }
  /// Of the primary keys, in the order of the texts.
  const std::vector<std::string>& fingerprints() const { return fingerprints_; }
  /// The fingerprint of this key (16 hexadecimal digits), which may be a subkey; empty when it is not in the ring.
  std::string fingerprint_of(const std::string& key_id) const;
  /// Why a signature by this key (16 hexadecimal digits) is not to be relied on at `when`; empty when nothing is known
  /// against it.
  std::string objection(const std::string& key_id, time_t when) const;

 private:
  bool add(const uint8_t* certificate, size_t size);

  OwnedKeyring keyring_;
  std::vector<KeyValidity> keys_;
  std::vector<std::string> notes_;
  std::vector<std::string> fingerprints_;
};

}  // namespace rpmoci

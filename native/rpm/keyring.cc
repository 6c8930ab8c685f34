#include "rpm/keyring.h"

#include <rpm/rpmlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "failure.h"
#include "rpm/armour.h"
#include "rpm/log.h"

namespace rpmoci {

namespace {

/// librpm 6 adds the subkeys along with their key.
bool librpm_adds_subkeys() { return std::atoi(RPMVERSION) >= 6; }

}  // namespace

Keyring::Keyring(const std::vector<std::string>& texts) : keyring_(rpmKeyringNew()) {
  for (size_t index = 0; index < texts.size(); ++index) {
    LogCapture log;
    size_t usable = 0;
    size_t unusable = 0;
    for (const auto& block : armoured_blocks(texts[index], "PUBLIC KEY BLOCK")) {
      uint8_t* raw = nullptr;
      size_t size = 0;
      const auto armor = pgpParsePkts(block.c_str(), &raw, &size);
      const Malloced<uint8_t> packets(raw);
      if (armor != PGPARMOR_PUBKEY || raw == nullptr) {
        ++unusable;
        continue;
      }
      for (size_t at = 0; at < size;) {
        size_t length = 0;
        if (pgpPubKeyCertLen(raw + at, size - at, &length) != 0 || length == 0 || length > size - at) {
          ++unusable;
          break;
        }
        ++(add(raw + at, length) ? usable : unusable);
        at += length;
      }
    }
    const auto where = "key " + std::to_string(index);
    if (usable == 0) {
      const std::string reason = unusable == 0 ? "it holds no ASCII-armoured OpenPGP public key"
                                               : "librpm " + std::string(RPMVERSION) + " cannot use the OpenPGP key";
      throw Failure("KEY_UNREADABLE", "cannot read " + where + ": " + log.summary(reason));
    }
    if (unusable > 0) {
      notes_.push_back(where + ": " + std::to_string(unusable) + " of " + std::to_string(usable + unusable) +
                       " OpenPGP keys cannot be used by librpm " + RPMVERSION);
    }
  }
}

bool Keyring::add(const uint8_t* certificate, size_t size) {
  const OwnedPubkey key(rpmPubkeyNew(certificate, size));
  // A repeated key is as good as a new one.
  if (!key || rpmKeyringAddKey(keyring_.get(), key.get()) < 0) return false;
  if (!librpm_adds_subkeys()) {
    int count = 0;
    const Malloced<rpmPubkey> subkeys(rpmGetSubkeys(key.get(), &count));
    for (int i = 0; subkeys && i < count; ++i) {
      const OwnedPubkey subkey(subkeys.get()[i]);
      rpmKeyringAddKey(keyring_.get(), subkey.get());
    }
  }
  auto validities = key_validities(certificate, size);
  if (!validities.empty()) fingerprints_.push_back(validities.front().fingerprint);
  for (auto& validity : validities) keys_.push_back(std::move(validity));
  return true;
}

std::string Keyring::fingerprint_of(const std::string& key_id) const {
  const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const auto& other) { return other.id == key_id; });
  return key == keys_.end() ? "" : key->fingerprint;
}

std::string Keyring::objection(const std::string& key_id, time_t when) const {
  for (const auto& key : keys_) {
    if (key.id != key_id) continue;
    if (auto words = key.objection(when); !words.empty()) return words;
  }
  return "";
}

}  // namespace rpmoci

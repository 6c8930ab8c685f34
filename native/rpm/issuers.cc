#include "rpm/issuers.h"

#include <rpm/rpmbase64.h>

#include <algorithm>
#include <cstdint>

#include "failure.h"
#include "hex.h"
#include "rpm/library.h"
#include "rpm/log.h"
#include "rpm/package_file.h"
#include "rpm/signature_tags.h"

namespace rpmoci {

std::vector<Issuer> issuers_of(Header signature_header) {
  std::vector<Issuer> issuers;
  const auto add = [&](const void* packet, size_t size) {
    pgpDigParams raw = nullptr;
    const int failed = pgpPrtParams(static_cast<const uint8_t*>(packet), size, PGPTAG_SIGNATURE, &raw);
    const OwnedPgpParams params(raw);
    if (failed != 0 || raw == nullptr) return;
    const time_t signed_at = pgpDigParamsCreationTime(raw);
    issuers.push_back({to_hex(pgpDigParamsSignID(raw), 8), signed_at});
  };
  for (const auto tag : kSignatureTags) {
    TagData data(signature_header, tag);
    if (!data) continue;
    if (rpmtdType(data.get()) == RPM_BIN_TYPE) {
      add(data.get()->data, data.get()->count);
      continue;
    }
    while (const char* text = rpmtdNextString(data.get())) {
      void* packet = nullptr;
      size_t size = 0;
      if (rpmBase64Decode(text, &packet, &size) != 0) continue;
      const Malloced<void> owner(packet);
      add(packet, size);
    }
  }
  return issuers;
}

std::vector<std::string> known_issuers(const std::vector<Issuer>& issuers, const Keyring& keyring) {
  std::vector<std::string> known;
  for (const auto& issuer : issuers) {
    auto fingerprint = keyring.fingerprint_of(issuer.key_id);
    if (fingerprint.empty() || std::find(known.begin(), known.end(), fingerprint) != known.end()) continue;
    known.push_back(std::move(fingerprint));
  }
  return known;
}

std::vector<std::string> claimed_signers(const std::string& path, const Keyring& keyring) {
  const auto guard = RpmLibrary::get().lock();
  LogCapture quiet;
  try {
    const auto stream = open_package(path);
    const auto header = read_signature_header(stream.get());
    return header ? known_issuers(issuers_of(header.get()), keyring) : std::vector<std::string>();
  } catch (const Failure&) {
    return {};
  }
}

}  // namespace rpmoci

#include "rpm/detached.h"

#include <rpm/rpmcrypto.h>
#include <rpm/rpmlib.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <map>
#include <optional>

#include "hex.h"
#include "rpm/armour.h"
#include "rpm/library.h"
#include "rpm/log.h"
#include "rpm/openpgp_packet.h"
#include "rpm/openpgp_signature.h"

namespace rpmoci {

namespace {

constexpr uint8_t kBinaryDocument = 0x00;

enum class Status { kGood, kUnknownKey, kBad, kUnusable };

struct Finding {
  Status status;
  std::string key_id;
  std::string line;
};

struct FinishDigest {
  void operator()(DIGEST_CTX context) const { rpmDigestFinal(context, nullptr, nullptr, 0); }
};
using OwnedDigest = std::unique_ptr<std::remove_pointer_t<DIGEST_CTX>, FinishDigest>;

/// The hashes of the data, each computed once however many signatures there are.
class Digests {
 public:
  explicit Digests(std::string_view data) : data_(data) {}

  /// The hash of the salt and the data, not yet finished. Null for an algorithm that librpm does not have.
  OwnedDigest start(int algorithm, Bytes salt) {
    if (salt.size > 0) return hash(algorithm, salt);
    const auto [place, is_new] = unsalted_.try_emplace(algorithm);
    if (is_new) place->second = hash(algorithm, {});
    return OwnedDigest(place->second ? rpmDigestDup(place->second.get()) : nullptr);
  }

 private:
  OwnedDigest hash(int algorithm, Bytes salt) const {
    OwnedDigest context(rpmDigestInit(algorithm, RPMDIGEST_NONE));
    if (!context) return context;
    if (salt.size > 0) rpmDigestUpdate(context.get(), salt.data, salt.size);
    rpmDigestUpdate(context.get(), data_.data(), data_.size());
    return context;
  }

  std::string_view data_;
  std::map<int, OwnedDigest> unsalted_;
};

/// The signature packets of a binary file. Nothing when it holds anything else, or a packet that is cut short.
std::optional<std::vector<Packet>> signature_packets(Bytes rest) {
  std::vector<Packet> packets;
  while (rest.size > 0) {
    const auto packet = next_packet(rest);
    if (!packet || packet->tag != kSignature) return std::nullopt;
    packets.push_back(*packet);
  }
  return packets;
}

bool has_expired(const Signature& signature) {
  return signature.created != 0 && signature.lifetime != 0 &&
         signature.created + signature.lifetime <= static_cast<uint64_t>(std::time(nullptr));
}

Finding check(const Packet& packet, Digests& digests, const Keyring& keyring) {
  const auto signature = read_signature(packet.body);
  pgpDigParams raw = nullptr;
  const int failed = pgpPrtParams(packet.whole.data, packet.whole.size, PGPTAG_SIGNATURE, &raw);
  const OwnedPgpParams params(raw);
  auto key_id = raw == nullptr ? "" : to_hex(pgpDigParamsSignID(raw), 8);
  if (key_id.find_first_not_of('0') == std::string::npos) key_id = signature ? signature->issuer : "";
  const Malloced<char> description(raw == nullptr ? nullptr : pgpIdentItem(raw));
  const auto finding = [&](Status status, const std::string& words) {
    return Finding{status, key_id, std::string(description ? description.get() : "OpenPGP signature") + ": " + words};
  };
  const auto unusable = "librpm " + std::string(RPMVERSION) + " cannot check it";

  // First, for librpm 4.18 does not read signatures that are to expire.
  if (signature && has_expired(*signature) && !keyring.fingerprint_of(key_id).empty()) {
    return finding(Status::kBad, "the signature has expired");
  }
  if (failed != 0 || raw == nullptr || !signature) return finding(Status::kUnusable, unusable);
  // The type stands in what is hashed, but librpm 4.18 does not ask for it: a key's signature of something else must
  // not pass for one of this document.
  if (signature->type != kBinaryDocument) return finding(Status::kUnusable, "it is not of a binary document");
  const auto digest = digests.start(static_cast<int>(pgpDigParamsAlgo(raw, PGPVAL_HASHALGO)), signature->salt);
  if (!digest) return finding(Status::kUnusable, unusable);
  switch (rpmKeyringVerifySig(keyring.get(), raw, digest.get())) {
    case RPMRC_OK: {
      // Judged as for packages: at the time of signing.
      const auto signed_at = static_cast<time_t>(signature->created);
      const auto words = keyring.objection(key_id, signed_at != 0 ? signed_at : std::time(nullptr));
      return words.empty() ? finding(Status::kGood, "OK") : finding(Status::kBad, words);
    }
    case RPMRC_NOKEY:
      return finding(Status::kUnknownKey, "NOKEY");
    default:
      // Without the key, librpm compares the first bytes of the hash and fails when they differ.
      return keyring.fingerprint_of(key_id).empty() ? finding(Status::kUnknownKey, "NOKEY")
                                                    : finding(Status::kBad, "BAD");
  }
}

/// The packets of each armoured block, or of the whole binary file; an empty one stands for what cannot be decoded.
std::vector<std::string> decode(std::string_view signature) {
  if (!signature.empty() && (static_cast<uint8_t>(signature.front()) & 0x80) != 0) return {std::string(signature)};
  std::vector<std::string> parts;
  for (const auto& block : armoured_blocks(signature, "SIGNATURE")) {
    parts.push_back(decode_armour(block).value_or(""));
  }
  return parts;
}

DetachedVerification unreadable(const std::string& reason) { return {"unreadable", "", {reason}}; }

}  // namespace

DetachedVerification verify_detached(std::string_view data, std::string_view signature, const Keyring& keyring) {
  const auto guard = RpmLibrary::get().lock();
  LogCapture log;
  const auto parts = decode(signature);
  if (parts.empty()) return unreadable("it holds no OpenPGP signature");
  Digests digests(data);
  std::vector<Finding> findings;
  for (const auto& part : parts) {
    const auto packets = signature_packets({reinterpret_cast<const uint8_t*>(part.data()), part.size()});
    if (!packets || packets->empty()) return unreadable("it is damaged, or holds more than OpenPGP signatures");
    for (const auto& packet : *packets) findings.push_back(check(packet, digests, keyring));
  }

  DetachedVerification result;
  constexpr std::pair<Status, const char*> kVerdicts[] = {
      {Status::kBad, "bad-signature"},
      {Status::kGood, "good"},
      {Status::kUnknownKey, "unknown-key"},
      {Status::kUnusable, "unreadable"},
  };
  for (const auto& [status, verdict] : kVerdicts) {
    const auto telling = std::find_if(findings.begin(), findings.end(),
                                      [status = status](const Finding& finding) { return finding.status == status; });
    if (telling == findings.end()) continue;
    result.verdict = verdict;
    result.key_id = telling->key_id;
    break;
  }
  for (auto& finding : findings) result.details.push_back(std::move(finding.line));
  for (const auto& record : log.records()) result.details.push_back(record.text);
  if (result.verdict == std::string_view("unknown-key")) {
    result.details.insert(result.details.end(), keyring.notes().begin(), keyring.notes().end());
  }
  return result;
}

}  // namespace rpmoci

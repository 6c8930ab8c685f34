#include "rpm/verification.h"

#include <rpm/rpmcli.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <ctime>
#include <string_view>

#include "failure.h"
#include "rpm/issuers.h"
#include "rpm/library.h"
#include "rpm/log.h"
#include "rpm/package_file.h"
#include "rpm/package_header.h"
#include "rpm/payload_digests.h"
#include "rpm/signature_tags.h"

namespace rpmoci {

namespace {

/// One line of librpm's verbose report, as `rpmkeys --checksig --verbose` prints it. There is no public interface to
/// the elements but these lines; we take them untranslated (LogCapture), and a line that we do not understand makes the
/// package bad, never good.
struct Element {
  bool signature;
  bool covers_header;
  bool covers_payload;
  /// OK, BAD, NOKEY, NOTTRUSTED or NOTFOUND.
  std::string_view status;
  /// As much of the key as the line tells: 8 or 16 digits of the id, or the fingerprint.
  std::string_view key;
};

constexpr std::string_view kIndent = "    ";
constexpr std::string_view kStatuses[] = {"OK", "BAD", "NOKEY", "NOTTRUSTED", "NOTFOUND"};

std::string_view hex_after(std::string_view text, std::string_view label) {
  const auto at = text.find(label);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + label.size());
  return text.substr(0, text.find_first_not_of("0123456789abcdefABCDEF"));
}

Element parse_element(std::string_view line) {
  // The description holds no text of the package's, so the first status is librpm's; a message in parentheses may
  // follow.
  Element element{};
  auto description = line;
  auto first = std::string_view::npos;
  for (const auto status : kStatuses) {
    const auto at = line.find(": " + std::string(status));
    const auto end = at + 2 + status.size();
    if (at >= first || (end != line.size() && line.substr(end, 2) != " (")) continue;
    first = at;
    element.status = line.substr(at + 2, status.size());
    description = line.substr(0, at);
  }
  element.signature = description.find("ignature") != std::string_view::npos;
  const bool header_only = description.starts_with("Header ");
  const bool payload_only = description.starts_with("Payload ");
  element.covers_header = !payload_only;
  element.covers_payload = !header_only;
  element.key = hex_after(description, "key fingerprint: ");
  if (element.key.empty()) element.key = hex_after(description, "key ID ");
  return element;
}

/// What librpm says about a file, and what its signatures say about themselves.
struct Findings {
  bool passed = false;
  std::vector<Issuer> issuers;
  bool has_signature = false;
  /// Elements point into it.
  std::vector<std::string> lines;
  std::vector<Element> elements;
  std::vector<std::string> remarks;
};

/// librpm's report on a file; it does not look at the payload when there is a report on that already.
void ask_librpm(FD_t stream, const std::string& path, const Keyring& keyring,
                const std::vector<std::string>& payload_report, Findings& findings) {
  if (Fseek(stream, 0, SEEK_SET) < 0) throw Failure("RPM_UNREADABLE", "cannot read the RPM file " + path);
  const OwnedTransaction transaction(rpmtsCreate());
  rpmtsSetKeyring(transaction.get(), keyring.get());
  // The level asks for both, so that librpm itself refuses what is unsigned or covered in part.
  rpmtsSetVfyLevel(transaction.get(), RPMSIG_VERIFIABLE_TYPE);
  rpmtsSetVfyFlags(transaction.get(), payload_report.empty() ? RPMVSF_DEFAULT : RPMVSF_NEEDPAYLOAD);
  rpmtsSetVSFlags(transaction.get(), RPMVSF_DEFAULT);
  LogCapture log(RPMLOG_INFO);
  rpmQVKArguments_s arguments{};
  arguments.qva_mode = 'K';
  findings.passed = rpmVerifySignatures(&arguments, transaction.get(), stream, "package") == 0;

  findings.lines.clear();
  findings.elements.clear();
  findings.remarks.clear();
  for (const auto& [level, text] : log.records()) {
    if (level == RPMLOG_NOTICE && text.starts_with(kIndent)) {
      findings.lines.push_back(text.substr(kIndent.size()));
    } else if (level <= RPMLOG_WARNING) {
      findings.remarks.push_back(text.starts_with(path + ": ") ? text.substr(path.size() + 2) : text);
    }
  }
  findings.lines.insert(findings.lines.end(), payload_report.begin(), payload_report.end());
  for (const auto& line : findings.lines) findings.elements.push_back(parse_element(line));
}

template <class Predicate>
bool any(const Findings& findings, Predicate predicate) {
  return std::any_of(findings.elements.begin(), findings.elements.end(), predicate);
}

/// Header and payload are each covered by a right digest and by a signature of the ring.
bool fully_covered(const Findings& findings) {
  const auto covered = [&](auto strength, auto range) {
    return any(findings, [&](const Element& e) { return e.status == "OK" && strength(e) && range(e); });
  };
  const auto by_signature = [](const Element& e) { return e.signature; };
  const auto by_digest = [](const Element& e) { return !e.signature; };
  const auto header = [](const Element& e) { return e.covers_header; };
  const auto payload = [](const Element& e) { return e.covers_payload; };
  // The payload's own digest stands in the header, thus a signature of the header covers it.
  const auto payload_only = [](const Element& e) { return e.covers_payload && !e.covers_header; };
  return covered(by_signature, header) && (covered(by_signature, payload) || covered(by_digest, payload_only)) &&
         covered(by_digest, header) && covered(by_digest, payload);
}

const char* judge(const Findings& findings) {
  const auto has = [&](bool signature, std::string_view status) {
    return any(findings, [&](const Element& e) { return e.signature == signature && e.status == status; });
  };
  if (findings.elements.empty()) return "unreadable";
  if (has(false, "BAD") || has(false, "") || !has(false, "OK")) return "bad-digest";
  if (has(true, "BAD") || has(true, "NOTTRUSTED") || has(true, "")) return "bad-signature";
  if (!has(true, "OK")) return has(true, "NOKEY") ? "unknown-key" : "unsigned";
  // librpm's own verdict counts, but for a further signature by somebody whom we do not know.
  const bool librpm_agrees = findings.passed || has(true, "NOKEY");
  return librpm_agrees && fully_covered(findings) ? "good" : "bad-signature";
}

Findings examine(const std::string& path, const Keyring& keyring) {
  Findings findings;
  const auto stream = open_package(path);
  std::vector<std::string> payload_report;
  {
    LogCapture quiet;
    if (const auto header = read_signature_header(stream.get())) {
      findings.has_signature = has_package_signature(header.get());
      findings.issuers = issuers_of(header.get());
      payload_report = check_payload(stream.get(), header.get());
    }
  }
  if (!payload_report.empty()) {
    ask_librpm(stream.get(), path, keyring, payload_report, findings);
    const std::string_view verdict = judge(findings);
    if (verdict == "good" || verdict == "unknown-key" || verdict == "unsigned") return findings;
  }
  // Whatever is bad is told in librpm's words alone.
  ask_librpm(stream.get(), path, keyring, {}, findings);
  return findings;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

/// The key that stands for the verdict: a good signature's before any other. The package's own 16 digits, when the line
/// tells fewer.
std::string telling_key(const Findings& findings) {
  std::string key;
  for (const auto& element : findings.elements) {
    if (!element.signature || element.key.empty()) continue;
    if (key.empty() || element.status == "OK") key = lower(element.key);
    if (element.status == "OK") break;
  }
  if (key.empty()) return findings.issuers.empty() ? "" : findings.issuers.front().key_id;
  for (const auto& issuer : findings.issuers) {
    if (issuer.key_id.ends_with(key)) return issuer.key_id;
  }
  return key;
}

}  // namespace

Verification verify_package(const std::string& path, const Keyring& keyring) {
  const auto guard = RpmLibrary::get().share();
  Findings findings;
  try {
    findings = examine(path, keyring);
  } catch (const Failure& failure) {
    return {path, "unreadable", "", {}, {failure.what()}};
  }
  Verification result{path, judge(findings), telling_key(findings), known_issuers(findings.issuers, keyring),
                      findings.lines};
  result.details.insert(result.details.end(), findings.remarks.begin(), findings.remarks.end());

  // Of a file without the magic number librpm says nothing at all.
  if (result.details.empty()) result.details.push_back("it is not an RPM file");

  const std::string_view verdict = result.verdict;
  if (verdict == "good" || verdict == "unknown-key") {
    // Every signer counts: librpm 4.18 does not tell which of the ring's keys it took.
    for (const auto& issuer : findings.issuers) {
      // A package stays good when its key expires later: a lockfile must build next year, too.
      auto objection = keyring.objection(issuer.key_id, issuer.signed_at != 0 ? issuer.signed_at : std::time(nullptr));
      if (objection.empty()) continue;
      result.details.push_back(std::move(objection));
      result.verdict = "bad-signature";
    }
  }
  if (verdict == "unknown-key") {
    result.details.insert(result.details.end(), keyring.notes().begin(), keyring.notes().end());
  }
  if (verdict == "unsigned" && findings.has_signature) {
    result.details.push_back("the package carries a signature of a kind that librpm " + std::string(RPMVERSION) +
                             " does not check");
  }
  return result;
}

}  // namespace rpmoci

#include "rpm/payload_digests.h"

#include <rpm/rpmpgp.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "digest.h"
#include "hex.h"

namespace rpmoci {

namespace {

constexpr size_t kBlock = size_t{256} << 10;
constexpr size_t kMd5Size = 16;
/// The signature header is filled up to a multiple of it.
constexpr off_t kAlignment = 8;
/// RPMTAG_RPMFORMAT: packages of version 6 and later, which have more digests.
constexpr rpmTagVal kFormatTag = 5114;
constexpr rpmTagVal kUnpackedPayloadDigest = 5097;

/// The one text of a tag that holds a list.
std::optional<std::string> only_text(Header header, rpmTagVal tag) {
  TagData texts(header, tag);
  if (!texts || rpmtdType(texts.get()) != RPM_STRING_ARRAY_TYPE || rpmtdCount(texts.get()) != 1) return std::nullopt;
  const char* text = rpmtdNextString(texts.get());
  return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

/// 64 hexadecimal digits.
std::optional<std::string> payload_sha256(Header header) {
  if (headerIsEntry(header, kFormatTag)) return std::nullopt;
  if (headerGetNumber(header, kPayloadDigestAlgorithm) != PGPHASHALGO_SHA256) return std::nullopt;
  return only_text(header, kPayloadDigest);
}

/// 32 hexadecimal digits, of header and payload.
std::optional<std::string> package_md5(Header signature_header) {
  if (headerIsEntry(signature_header, RPMSIGTAG_PGP) || headerIsEntry(signature_header, RPMSIGTAG_GPG))
    return std::nullopt;
  TagData digest(signature_header, RPMSIGTAG_MD5);
  if (!digest || rpmtdType(digest.get()) != RPM_BIN_TYPE || digest.get()->count != kMd5Size) return std::nullopt;
  return to_hex(static_cast<const uint8_t*>(digest.get()->data), kMd5Size);
}

}  // namespace

std::vector<std::string> check_payload(FD_t stream, Header signature_header) {
  const auto end = Ftell(stream);
  const auto expected_md5 = package_md5(signature_header);
  if (end < 0 || !expected_md5) return {};
  const auto header_at = (end + kAlignment - 1) / kAlignment * kAlignment;
  if (Fseek(stream, header_at, SEEK_SET) < 0) return {};
  const OwnedHeader header(headerRead(stream, HEADER_MAGIC_YES));
  const auto payload_at = Ftell(stream);
  const auto expected_sha256 = header ? payload_sha256(header.get()) : std::nullopt;
  if (payload_at < header_at || !expected_sha256) return {};

  Digest md5("md5");
  Digest sha256("sha256");
  std::vector<char> block(kBlock);
  for (off_t at = header_at;;) {
    // The first block is that of the header.
    const auto wanted = at < payload_at ? std::min(kBlock, static_cast<size_t>(payload_at - at)) : kBlock;
    const auto count = pread(Fileno(stream), block.data(), wanted, at);
    if (count < 0) return {};
    if (count == 0) break;
    const auto size = static_cast<size_t>(count);
    md5.update(block.data(), size);
    if (at >= payload_at) sha256.update(block.data(), size);
    at += count;
  }
  if (md5.finish() != *expected_md5 || sha256.finish() != *expected_sha256) return {};
  std::vector<std::string> report{"Payload SHA256 digest: OK", "MD5 digest: OK"};
  // The digest of the unpacked payload, where that is packed by nothing. Elsewhere librpm leaves it out.
  if (only_text(header.get(), kUnpackedPayloadDigest) == expected_sha256)
    report.insert(report.begin(), "Payload SHA256 ALT digest: OK");
  return report;
}

}  // namespace rpmoci

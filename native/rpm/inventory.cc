#include "rpm/inventory.h"

#include <rpm/rpmfiles.h>
#include <rpm/rpmpgp.h>
#include <sys/stat.h>

#include <algorithm>

#include "rpm/issuers.h"
#include "rpm/package_header.h"
#include "rpm/payload_digests.h"

namespace rpmoci {

namespace {

std::string algorithm_name(uint64_t algorithm) {
  switch (algorithm) {
    case PGPHASHALGO_MD5:
      return "md5";
    case PGPHASHALGO_SHA1:
      return "sha1";
    case PGPHASHALGO_SHA224:
      return "sha224";
    case PGPHASHALGO_SHA256:
      return "sha256";
    case PGPHASHALGO_SHA384:
      return "sha384";
    case PGPHASHALGO_SHA512:
      return "sha512";
    default:
      return "";
  }
}

std::vector<std::string> signers_of(Header header) {
  std::vector<std::string> ids;
  for (auto& issuer : issuers_of(header)) {
    if (std::ranges::find(ids, issuer.key_id) == ids.end()) ids.push_back(std::move(issuer.key_id));
  }
  return ids;
}

std::vector<std::string> files_of(Header header) {
  TagData paths(header, RPMTAG_FILENAMES);
  TagData modes(header, RPMTAG_FILEMODES);
  TagData flags(header, RPMTAG_FILEFLAGS);
  TagData states(header, RPMTAG_FILESTATES);
  std::vector<std::string> files;
  while (const char* path = paths ? rpmtdNextString(paths.get()) : nullptr) {
    const auto* mode = rpmtdNext(modes.get()) < 0 ? nullptr : rpmtdGetUint16(modes.get());
    const auto* flag = rpmtdNextUint32(flags.get());
    const auto* state = rpmtdNext(states.get()) < 0 ? nullptr : rpmtdGetChar(states.get());
    if (mode == nullptr || flag == nullptr) break;
    const bool installed = state == nullptr || *state == RPMFILE_STATE_NORMAL;
    if (installed && (*flag & RPMFILE_GHOST) == 0 && S_ISREG(*mode)) files.emplace_back(path);
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

InventoryPackage inventory_package(Header header, bool with_files) {
  InventoryPackage package;
  package.name = string_tag(header, RPMTAG_NAME);
  if (headerIsEntry(header, RPMTAG_EPOCH)) package.epoch = headerGetNumber(header, RPMTAG_EPOCH);
  package.version = string_tag(header, RPMTAG_VERSION);
  package.release = string_tag(header, RPMTAG_RELEASE);
  package.arch = string_tag(header, RPMTAG_ARCH);
  package.license = string_tag(header, RPMTAG_LICENSE);
  package.vendor = string_tag(header, RPMTAG_VENDOR);
  package.url = string_tag(header, RPMTAG_URL);
  package.summary = string_tag(header, RPMTAG_SUMMARY);
  package.source_rpm = string_tag(header, RPMTAG_SOURCERPM);
  package.header_digest = string_tag(header, RPMTAG_SHA256HEADER);
  package.payload_digest = string_tag(header, kPayloadDigest);
  package.payload_digest_algorithm = algorithm_name(headerGetNumber(header, kPayloadDigestAlgorithm));
  package.signers = signers_of(header);
  if (with_files) package.files = files_of(header);
  return package;
}

}  // namespace rpmoci

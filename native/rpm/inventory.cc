#include "rpm/inventory.h"

#include <rpm/rpmfiles.h>
#include <rpm/rpmpgp.h>
#include <sys/stat.h>

#include <algorithm>

#include "failure.h"
#include "rpm/installed_dependencies.h"
#include "rpm/issuers.h"
#include "rpm/library.h"
#include "rpm/package_header.h"

namespace rpmoci {

namespace {

/// RPMTAG_PAYLOADSHA256 and RPMTAG_PAYLOADSHA256ALGO, which had other names before rpm 6.1.
constexpr rpmTagVal kPayloadDigest = 5092;
constexpr rpmTagVal kPayloadDigestAlgorithm = 5093;

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

/// librpm compares versions without looking whether there are any.
void require_nevr(Header header) {
  for (const auto tag : {RPMTAG_NAME, RPMTAG_VERSION, RPMTAG_RELEASE}) {
    if (!string_tag(header, tag).empty()) continue;
    throw Failure("RPMDB_UNREADABLE", "the rpm database has a package without a name, a version or a release");
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

InventoryPackage describe(Header header, bool with_files) {
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

}  // namespace

std::vector<InventoryPackage> read_inventory(const RootDatabase& database, bool with_files) {
  const auto guard = RpmLibrary::get().lock();
  std::vector<OwnedHeader> owners;
  for_each_installed(database, [&](Header header) {
    require_nevr(header);
    owners.emplace_back(headerLink(header));
  });
  std::ranges::sort(owners, [](const auto& a, const auto& b) { return nevra_less(a.get(), b.get()); });
  std::vector<Header> headers;
  for (const auto& owner : owners) headers.push_back(owner.get());
  auto dependencies = dependencies_among(headers);
  std::vector<InventoryPackage> packages;
  for (size_t index = 0; index < headers.size(); ++index) {
    packages.push_back(describe(headers[index], with_files));
    packages.back().dependencies = std::move(dependencies[index]);
  }
  return packages;
}

}  // namespace rpmoci

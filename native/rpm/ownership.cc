#include "rpm/ownership.h"

#include <rpm/rpmfiles.h>
#include <rpm/rpmpgp.h>

#include <algorithm>
#include <memory>

#include "rpm/library.h"
#include "rpm/package_header.h"

namespace rpmoci {

namespace {

struct FreeFiles {
  void operator()(rpmfiles files) const { rpmfilesFree(files); }
};
using OwnedFiles = std::unique_ptr<rpmfiles_s, FreeFiles>;

std::optional<Sha256Digest> digest_of(rpmfiles files, int index) {
  int algorithm = 0;
  std::size_t size = 0;
  const auto* bytes = rpmfilesFDigest(files, index, &algorithm, &size);
  Sha256Digest digest;
  if (bytes == nullptr || algorithm != PGPHASHALGO_SHA256 || size != digest.size()) return std::nullopt;
  std::copy_n(bytes, size, digest.begin());
  return digest;
}

OwningPackage owning_package(Header header) {
  OwningPackage package{.name = string_tag(header, RPMTAG_NAME)};
  const OwnedFiles files(rpmfilesNew(nullptr, header, RPMTAG_BASENAMES, RPMFI_FLAGS_QUERY));
  if (!files) return package;
  const auto directory_count = static_cast<int>(rpmfilesDC(files.get()));
  const auto file_count = static_cast<int>(rpmfilesFC(files.get()));
  package.directories.reserve(static_cast<std::size_t>(directory_count));
  package.paths.reserve(static_cast<std::size_t>(file_count));
  for (int i = 0; i < directory_count; ++i) package.directories.emplace_back(rpmfilesDN(files.get(), i));
  for (int i = 0; i < file_count; ++i) {
    if ((rpmfilesFFlags(files.get(), i) & RPMFILE_GHOST) != 0) continue;
    const auto* link = rpmfilesFLink(files.get(), i);
    package.paths.push_back({
        .directory = static_cast<std::uint32_t>(rpmfilesDI(files.get(), i)),
        .name = rpmfilesBN(files.get(), i),
        .mode = rpmfilesFMode(files.get(), i),
        .mtime = static_cast<std::int64_t>(rpmfilesFMtime(files.get(), i)),
        .size = rpmfilesFSize(files.get(), i),
        .link_target = link == nullptr ? "" : link,
        .digest = digest_of(files.get(), i),
    });
  }
  return package;
}

}  // namespace

Ownership read_ownership(const RootDatabase& database) {
  const auto guard = RpmLibrary::get().lock();
  std::vector<OwnedHeader> headers;
  for_each_installed(database, [&](Header header) { headers.emplace_back(headerLink(header)); });
  std::sort(headers.begin(), headers.end(), [](const auto& a, const auto& b) { return nevra_less(a.get(), b.get()); });
  Ownership ownership;
  ownership.reserve(headers.size());
  for (const auto& header : headers) ownership.push_back(owning_package(header.get()));
  return ownership;
}

}  // namespace rpmoci

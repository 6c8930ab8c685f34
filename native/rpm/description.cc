#include "rpm/description.h"

#include <rpm/rpmfiles.h>

#include <algorithm>

#include "hex.h"
#include "rpm/library.h"
#include "rpm/log.h"
#include "rpm/package_file.h"
#include "rpm/package_header.h"

namespace rpmoci {

namespace {

using OwnedFiles = Owned<rpmfiles, rpmfilesFree>;

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

FileDescription describe_file(rpmfiles files, int index) {
  const Malloced<char> path(rpmfilesFN(files, index));
  FileDescription file{.path = text_of(path.get()),
                       .user = text_of(rpmfilesFUser(files, index)),
                       .group = text_of(rpmfilesFGroup(files, index)),
                       .link_target = text_of(rpmfilesFLink(files, index)),
                       .capabilities = text_of(rpmfilesFCaps(files, index)),
                       .size = rpmfilesFSize(files, index),
                       .mode = rpmfilesFMode(files, index),
                       .flags = rpmfilesFFlags(files, index),
                       .verify_flags = rpmfilesVFlags(files, index),
                       .state = rpmfilesFState(files, index)};
  std::size_t length = 0;
  if (const auto* digest = rpmfilesFDigest(files, index, &file.digest_algorithm, &length)) {
    // A file without contents to digest has zeros.
    if (std::any_of(digest, digest + length, [](unsigned char byte) { return byte != 0; })) {
      file.digest = to_hex(digest, length);
    }
  }
  return file;
}

std::vector<ChangelogEntry> changelog_of(Header header) {
  TagData times(header, RPMTAG_CHANGELOGTIME, HEADERGET_RAW);
  TagData authors(header, RPMTAG_CHANGELOGNAME, HEADERGET_RAW);
  TagData texts(header, RPMTAG_CHANGELOGTEXT, HEADERGET_RAW);
  std::vector<ChangelogEntry> entries;
  if (!times || !authors || !texts) return entries;
  for (;;) {
    const auto* time = rpmtdNextUint32(times.get());
    const auto* author = rpmtdNextString(authors.get());
    const auto* text = rpmtdNextString(texts.get());
    if (time == nullptr || author == nullptr || text == nullptr) return entries;
    entries.push_back({*time, author, text});
  }
}

}  // namespace

PackageDescription describe_package(Header header) {
  PackageDescription package{.name = string_tag(header, RPMTAG_NAME),
                             .evr = evr_of(header),
                             .arch = string_tag(header, RPMTAG_ARCH),
                             .source_rpm = string_tag(header, RPMTAG_SOURCERPM),
                             .changelog = changelog_of(header)};
  const OwnedFiles files(rpmfilesNew(nullptr, header, RPMTAG_BASENAMES, 0));
  const auto count = files ? static_cast<int>(rpmfilesFC(files.get())) : 0;
  package.files.reserve(count);
  for (int index = 0; index < count; ++index) package.files.push_back(describe_file(files.get(), index));
  return package;
}

std::vector<ChangelogEntry> read_changelog(const std::string& path) {
  const auto guard = RpmLibrary::get().lock();
  LogCapture log;
  const auto stream = open_package(path);
  const OwnedTransaction transaction(rpmtsCreate());
  rpmtsSetVSFlags(transaction.get(), RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES | RPMVSF_NOHDRCHK);
  return changelog_of(read_package_header(transaction.get(), stream.get(), path, log).get());
}

}  // namespace rpmoci

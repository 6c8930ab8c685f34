#include "rpm/ownership.h"

#include <rpm/rpmpgp.h>

#include <algorithm>
#include <tuple>

#include "hex.h"
#include "rpm/package_header.h"

namespace rpmoci {

namespace {

/// Tags with an element for each file of a package.
class FileTags {
 public:
  explicit FileTags(Header header)
      : names_(header, RPMTAG_BASENAMES, HEADERGET_MINMEM),
        directories_(header, RPMTAG_DIRINDEXES, HEADERGET_MINMEM),
        flags_(header, RPMTAG_FILEFLAGS, HEADERGET_MINMEM),
        modes_(header, RPMTAG_FILEMODES, HEADERGET_MINMEM),
        mtimes_(header, RPMTAG_FILEMTIMES, HEADERGET_MINMEM),
        // Made of the shorter numbers where a package has those.
        sizes_(header, RPMTAG_LONGFILESIZES, HEADERGET_EXT),
        link_targets_(header, RPMTAG_FILELINKTOS, HEADERGET_MINMEM),
        digests_(header, RPMTAG_FILEDIGESTS, HEADERGET_MINMEM),
        sha256_(headerGetNumber(header, RPMTAG_FILEDIGESTALGO) == PGPHASHALGO_SHA256) {}

  /// 0 for a header whose tags do not fit together, which librpm would not have installed.
  std::size_t count() {
    const auto count = rpmtdCount(names_.get());
    for (auto* tag : {&directories_, &flags_, &modes_, &mtimes_, &sizes_}) {
      if (rpmtdCount(tag->get()) != count) return 0;
    }
    return count;
  }

  /// The first call goes to the first file.
  void next() {
    name_ = next_text(names_);
    link_target_ = next_text(link_targets_);
    digest_ = next_text(digests_);
    for (auto* tag : {&directories_, &flags_, &modes_, &mtimes_, &sizes_}) rpmtdNext(tag->get());
  }

  bool is_ghost() { return (*rpmtdGetUint32(flags_.get()) & RPMFILE_GHOST) != 0; }

  OwnedPath path(Arena& arena) {
    return {
        .directory = *rpmtdGetUint32(directories_.get()),
        .mode = *rpmtdGetUint16(modes_.get()),
        .name = arena.text(name_),
        .mtime = *rpmtdGetUint32(mtimes_.get()),
        .size = *rpmtdGetUint64(sizes_.get()),
        .link_target = arena.text(link_target_),
        .digest = digest(arena),
    };
  }

 private:
  /// Empty when there is none.
  static std::string_view next_text(TagData& tag) {
    const char* text = rpmtdNextString(tag.get());
    return text == nullptr ? std::string_view() : std::string_view(text);
  }

  const Sha256Digest* digest(Arena& arena) const {
    if (!sha256_ || digest_.empty()) return nullptr;
    auto& digest = arena.array<Sha256Digest>(1).front();
    return from_hex(digest_, digest) ? &digest : nullptr;
  }

  TagData names_;
  TagData directories_;
  TagData flags_;
  TagData modes_;
  TagData mtimes_;
  TagData sizes_;
  TagData link_targets_;
  TagData digests_;
  const bool sha256_;
  std::string_view name_;
  std::string_view link_target_;
  std::string_view digest_;
};

std::span<std::string_view> directories_of(Header header, Arena& arena) {
  TagData names(header, RPMTAG_DIRNAMES, HEADERGET_MINMEM);
  const auto directories = arena.array<std::string_view>(rpmtdCount(names.get()));
  for (auto& directory : directories) directory = arena.text(rpmtdNextString(names.get()));
  return directories;
}

OwningPackage owning_package(Header header, Arena& arena) {
  OwningPackage package{.name = arena.text(string_tag(header, RPMTAG_NAME)),
                        .evr = arena.text(evr_of(header)),
                        .arch = arena.text(string_tag(header, RPMTAG_ARCH)),
                        .directories = directories_of(header, arena)};
  FileTags files(header);
  const auto count = files.count();
  const auto paths = arena.array<OwnedPath>(count);
  std::size_t owned = 0;
  for (std::size_t i = 0; i < count; ++i) {
    files.next();
    if (files.is_ghost()) continue;
    const auto path = files.path(arena);
    if (path.directory < package.directories.size()) paths[owned++] = path;
  }
  package.paths = paths.first(owned);
  return package;
}

}  // namespace

std::unique_ptr<const Ownership> read_ownership(const RootDatabase& database) {
  auto ownership = std::make_unique<Ownership>();
  auto& packages = ownership->packages;
  // A header at a time: all of them together would take a multiple of the memory.
  for_each_installed(database, [&](Header header) { packages.push_back(owning_package(header, ownership->arena)); });
  const auto identity = [](const OwningPackage& package) { return std::tie(package.name, package.evr, package.arch); };
  std::ranges::sort(packages, {}, identity);
  return ownership;
}

}  // namespace rpmoci

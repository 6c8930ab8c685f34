#include "layer/tar_stream.h"

#include <algorithm>
#include <cstring>

namespace rpmoci {

namespace {

/// What is left to be filled of a part of the archive.
struct Rest {
  std::uint64_t offset;
  std::span<char> bytes;

  /// The next bytes, but none at or behind `end`.
  std::span<char> until(std::uint64_t end) const {
    return end <= offset ? bytes.first(0) : bytes.first(std::min<std::uint64_t>(bytes.size(), end - offset));
  }
  void skip(std::size_t count) {
    offset += count;
    bytes = bytes.subspan(count);
  }
  void put_zeros(std::size_t count) {
    std::memset(bytes.data(), 0, count);
    skip(count);
  }
};

}  // namespace

void TarStream::read(const LayerListing& listing, std::uint64_t offset, std::span<char> bytes) {
  Rest rest{offset, bytes};
  auto entry = std::partition_point(listing.entries.begin(), listing.entries.end(),
                                    [offset](const ListedEntry& candidate) { return candidate.offset <= offset; });
  // The root's entry is at 0: there is always one before.
  for (--entry; entry != listing.entries.end() && !rest.bytes.empty(); ++entry) {
    const auto contents = entry->offset + entry->header_size;
    const auto padding = contents + entry->contents_size();
    const auto end = padding + tar_padding(entry->contents_size());
    if (const auto part = rest.until(contents); !part.empty()) {
      entry->header(tree_).copy(part.data(), part.size(), rest.offset - entry->offset);
      rest.skip(part.size());
      // Without contents to read, only this tells that there are some now.
      if (entry->has_contents() && entry->contents_size() == 0) reader_.read(*entry->node, 0, {});
    }
    if (const auto part = rest.until(padding); !part.empty()) {
      reader_.read(*entry->node, rest.offset - contents, part);
      rest.skip(part.size());
    }
    rest.put_zeros(rest.until(end).size());
  }
  rest.put_zeros(rest.bytes.size());
}

}  // namespace rpmoci

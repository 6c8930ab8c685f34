#include "rpm/normalized_header.h"

#include <rpm/rpmtag.h>

#include <algorithm>
#include <optional>

#include "big_endian.h"

namespace rpmoci {

namespace {

constexpr size_t kCounts = 8;
constexpr size_t kEntry = 16;
/// RPMTAG_PACKAGEDIGESTS and RPMTAG_PACKAGEDIGESTALGOS, which older versions of librpm do not know.
constexpr uint32_t kPackageDigests = 5118;
constexpr uint32_t kPackageDigestAlgorithms = 5119;

struct Entry {
  uint32_t tag;
  uint32_t type;
  uint32_t offset;
  uint32_t count;
};

/// A view of a stored header whose counts fit its size.
class StoredHeader {
 public:
  static std::optional<StoredHeader> of(std::span<const uint8_t> bytes) {
    if (bytes.size() < kCounts) return std::nullopt;
    const size_t entries = read_big_endian(bytes.data());
    if (entries > (bytes.size() - kCounts) / kEntry) return std::nullopt;
    return StoredHeader(bytes, entries);
  }

  size_t entry_count() const { return entries_; }
  std::span<const uint8_t> data() const { return bytes_.subspan(kCounts + entries_ * kEntry); }

  Entry entry(size_t i) const {
    const auto* at = bytes_.data() + kCounts + i * kEntry;
    return {read_big_endian(at), read_big_endian(at + 4), read_big_endian(at + 8), read_big_endian(at + 12)};
  }

  /// Bytes that an entry's data takes; none when they do not fit.
  std::optional<size_t> size_of(const Entry& entry) const {
    if (entry.offset > data().size()) return std::nullopt;
    const auto rest = data().subspan(entry.offset);
    size_t size = 0;
    switch (entry.type) {
      case RPM_STRING_TYPE:
      case RPM_STRING_ARRAY_TYPE:
      case RPM_I18NSTRING_TYPE:
        for (uint32_t i = 0; i < entry.count; ++i) {
          const auto end = std::find(rest.begin() + static_cast<std::ptrdiff_t>(size), rest.end(), uint8_t{0});
          if (end == rest.end()) return std::nullopt;
          size = static_cast<size_t>(end - rest.begin()) + 1;
        }
        break;
      default:
        size = size_t{entry.count} * alignment(entry.type);
    }
    return size <= rest.size() ? std::optional(size) : std::nullopt;
  }

  static size_t alignment(uint32_t type) {
    switch (type) {
      case RPM_INT16_TYPE:
        return 2;
      case RPM_INT32_TYPE:
        return 4;
      case RPM_INT64_TYPE:
        return 8;
      default:
        return 1;
    }
  }

 private:
  StoredHeader(std::span<const uint8_t> bytes, size_t entries) : bytes_(bytes), entries_(entries) {}

  std::span<const uint8_t> bytes_;
  size_t entries_;
};

bool is_dropped(const Entry& entry) { return entry.tag == kPackageDigests || entry.tag == kPackageDigestAlgorithms; }

/// Entries that were added to the package's own are behind these in the index and in the data, in the same order, each
/// where its type may begin. Null when nothing is to be dropped, or the header is not so.
std::optional<std::vector<uint8_t>> without_dropped(const StoredHeader& header) {
  std::vector<Entry> kept;
  std::vector<uint8_t> data;
  bool dropped = false;
  for (size_t i = 0; i < header.entry_count(); ++i) {
    auto entry = header.entry(i);
    if (is_dropped(entry)) {
      // What was there before lies in front of it.
      if (!dropped)
        data.assign(header.data().begin(),
                    header.data().begin() + std::min<size_t>(entry.offset, header.data().size()));
      dropped = true;
      continue;
    }
    if (dropped) {
      const auto size = header.size_of(entry);
      if (!size) return std::nullopt;
      const auto alignment = StoredHeader::alignment(entry.type);
      data.resize((data.size() + alignment - 1) / alignment * alignment);
      const auto old = header.data().subspan(entry.offset, *size);
      entry.offset = static_cast<uint32_t>(data.size());
      data.insert(data.end(), old.begin(), old.end());
    }
    kept.push_back(entry);
  }
  if (!dropped) return std::nullopt;
  std::vector<uint8_t> bytes(kCounts + kept.size() * kEntry);
  write_big_endian(bytes.data(), static_cast<uint32_t>(kept.size()));
  write_big_endian(bytes.data() + 4, static_cast<uint32_t>(data.size()));
  for (size_t i = 0; i < kept.size(); ++i) {
    auto* at = bytes.data() + kCounts + i * kEntry;
    for (const auto number : {kept[i].tag, kept[i].type, kept[i].offset, kept[i].count}) {
      write_big_endian(at, number);
      at += 4;
    }
  }
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

void set_numbers(std::vector<uint8_t>& bytes, uint32_t install_time) {
  const auto header = StoredHeader::of(bytes);
  if (!header) return;
  const auto data_at = bytes.size() - header->data().size();
  for (size_t i = 0; i < header->entry_count(); ++i) {
    const auto entry = header->entry(i);
    const auto tag = entry.tag;
    if (tag != RPMTAG_INSTALLTIME && tag != RPMTAG_INSTALLTID && tag != RPMTAG_INSTALLCOLOR) continue;
    if (entry.type != RPM_INT32_TYPE || entry.count != 1 || !header->size_of(entry)) continue;
    write_big_endian(bytes.data() + data_at + entry.offset, tag == RPMTAG_INSTALLCOLOR ? 0 : install_time);
  }
}

}  // namespace

std::vector<uint8_t> normalized_header(std::span<const uint8_t> stored, uint32_t install_time) {
  std::vector<uint8_t> bytes(stored.begin(), stored.end());
  if (const auto header = StoredHeader::of(bytes)) {
    if (auto rest = without_dropped(*header)) bytes = std::move(*rest);
  }
  set_numbers(bytes, install_time);
  return bytes;
}

}  // namespace rpmoci

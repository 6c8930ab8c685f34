#include "layer/tar_entry.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "layer/utf8.h"

namespace rpmoci {

namespace {

/// POSIX, "ustar Header Block".
struct UstarHeader {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link_name[100];
  char magic[6];
  char version[2];
  char user_name[32];
  char group_name[32];
  char device_major[8];
  char device_minor[8];
  char prefix[155];
  char unused[12];
};
static_assert(sizeof(UstarHeader) == tar_block);

constexpr std::uint64_t octal_limit(std::size_t digits) { return std::uint64_t{1} << (3 * digits); }
constexpr std::uint64_t max_id = octal_limit(7) - 1;
constexpr std::uint64_t max_size = octal_limit(11) - 1;
/// Bytes of records. Go's archive/tar, by which container engines read layers, and libarchive refuse more.
constexpr std::size_t max_records = std::size_t{1} << 20;

template <std::size_t Size>
void put_octal(char (&field)[Size], std::uint64_t value) {
  field[Size - 1] = '\0';
  for (std::size_t i = Size - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
}

template <std::size_t Size>
void put_text(char (&field)[Size], std::string_view text) {
  std::memcpy(field, text.data(), std::min(text.size(), Size));
}

void put_checksum(UstarHeader& header) {
  std::memset(header.checksum, ' ', sizeof header.checksum);
  unsigned sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  for (std::size_t i = 0; i < sizeof header; ++i) sum += bytes[i];
  char digits[7];
  put_octal(digits, sum);
  std::memcpy(header.checksum, digits, sizeof digits);
}

void append(std::string& archive, UstarHeader& header) {
  std::memcpy(header.magic, "ustar", 6);
  std::memcpy(header.version, "00", 2);
  put_checksum(header);
  archive.append(reinterpret_cast<const char*>(&header), sizeof header);
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// Where the slash between the fields `prefix` and `name` is; null if the path fits in neither way. A path that needs
/// no prefix has none.
std::optional<std::size_t> split_path(std::string_view path) {
  constexpr std::size_t max_name = sizeof UstarHeader::name;
  constexpr std::size_t max_prefix = sizeof UstarHeader::prefix;
  if (path.size() <= max_name) return 0;
  const auto slash = path.find('/', path.size() - max_name - 1);
  if (slash == std::string_view::npos || slash == 0 || slash > max_prefix || slash + 1 == path.size()) {
    return std::nullopt;
  }
  return slash;
}

bool fits_ustar(std::int64_t mtime) { return mtime >= 0 && static_cast<std::uint64_t>(mtime) <= max_size; }

/// "LENGTH KEY=VALUE\n", where LENGTH counts the whole record with its own digits.
std::string pax_record(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  std::size_t length = rest.size();
  while (true) {
    const auto digits = std::to_string(length);
    if (digits.size() + rest.size() == length) return digits + rest;
    length = digits.size() + rest.size();
  }
}

std::map<std::string, std::string> pax_records(const TarEntry& entry) {
  std::map<std::string, std::string> records;
  const bool ascii_path = is_ascii(entry.path);
  const bool ascii_target = is_ascii(entry.link_target);
  if (!ascii_path || !split_path(entry.path)) records["path"] = entry.path;
  if (!ascii_target || entry.link_target.size() > sizeof UstarHeader::link_name) {
    records["linkpath"] = entry.link_target;
  }
  if ((!ascii_path && !is_utf8(entry.path)) || (!ascii_target && !is_utf8(entry.link_target))) {
    records["hdrcharset"] = "BINARY";
  }
  if (entry.size > max_size) records["size"] = std::to_string(entry.size);
  if (entry.uid > max_id) records["uid"] = std::to_string(entry.uid);
  if (entry.gid > max_id) records["gid"] = std::to_string(entry.gid);
  if (!fits_ustar(entry.mtime)) {
    records["mtime"] = std::to_string(entry.mtime);
  }
  for (const auto& [name, value] : entry.xattrs) {
    if (name.find('=') != std::string::npos) {
      throw std::invalid_argument("its extended attribute " + name + " has a name that a tar archive cannot hold");
    }
    records["SCHILY.xattr." + name] = value;
  }
  return records;
}

/// The records, one behind the other; empty when there are none.
std::string pax_contents(const TarEntry& entry) {
  std::string contents;
  for (const auto& [key, value] : pax_records(entry)) contents += pax_record(key, value);
  if (contents.size() > max_records) {
    throw std::invalid_argument("its extended attributes and its path take " + std::to_string(contents.size()) +
                                " bytes, more than the " + std::to_string(max_records) +
                                " that programs which read images allow");
  }
  return contents;
}

void append_pax_header(std::string& archive, const std::string& contents) {
  UstarHeader header{};
  // Only a reader that does not know pax would see this name.
  put_text(header.name, "././@PaxHeader");
  put_octal(header.mode, 0644);
  put_octal(header.uid, 0);
  put_octal(header.gid, 0);
  put_octal(header.size, contents.size());
  put_octal(header.mtime, 0);
  header.type = 'x';
  append(archive, header);
  archive += contents;
  archive.append(tar_padding(contents.size()), '\0');
}

}  // namespace

std::string tar_header(const TarEntry& entry) {
  std::string archive;
  if (const auto contents = pax_contents(entry); !contents.empty()) append_pax_header(archive, contents);

  // Fields that a record replaces are cut or 0.
  UstarHeader header{};
  const std::string_view path = entry.path;
  const auto slash = split_path(path).value_or(0);
  put_text(header.prefix, path.substr(0, slash));
  put_text(header.name, slash == 0 ? path : path.substr(slash + 1));
  put_octal(header.mode, entry.mode & 07777);
  put_octal(header.uid, entry.uid > max_id ? 0 : entry.uid);
  put_octal(header.gid, entry.gid > max_id ? 0 : entry.gid);
  put_octal(header.size, entry.size > max_size ? 0 : entry.size);
  put_octal(header.mtime, fits_ustar(entry.mtime) ? static_cast<std::uint64_t>(entry.mtime) : 0);
  header.type = static_cast<char>(entry.type);
  put_text(header.link_name, entry.link_target);
  if (entry.type == TarType::character_device || entry.type == TarType::block_device) {
    put_octal(header.device_major, entry.device_major);
    put_octal(header.device_minor, entry.device_minor);
  }
  append(archive, header);
  return archive;
}

std::size_t tar_header_size(const TarEntry& entry) {
  const auto contents = pax_contents(entry).size();
  return contents == 0 ? tar_block : 2 * tar_block + contents + tar_padding(contents);
}

}  // namespace rpmoci

#include "layer/tar_entry.h"

#include <cstring>
#include <stdexcept>
#include <string_view>

#include "fuzz_target.h"

using namespace rpmoci;

namespace {

/// Takes an entry's fields off the front of the input, which counts as zeros behind its end.
class Fields {
 public:
  explicit Fields(std::string_view rest) : rest_(rest) {}

  template <class Number>
  Number number() {
    Number value{};
    const auto part = take(sizeof value);
    std::memcpy(&value, part.data(), part.size());
    return value;
  }

  std::string text() { return std::string(take(number<std::uint16_t>() % 600)); }

 private:
  std::string_view take(std::size_t count) {
    const auto part = rest_.substr(0, count);
    rest_.remove_prefix(part.size());
    return part;
  }

  std::string_view rest_;
};

std::uint64_t octal(std::string_view field) {
  std::uint64_t value = 0;
  for (const char digit : field) {
    if (digit == '\0' || digit == ' ') break;
    check(digit >= '0' && digit <= '7');
    value = value * 8 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

/// One header block: its sum is right.
void check_block(std::string_view block) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < block.size(); ++at) {
    sum += at >= 148 && at < 156 ? ' ' : static_cast<unsigned char>(block[at]);
  }
  check(octal(block.substr(148, 8)) == sum);
  check(block.substr(257, 6) == std::string_view("ustar\0", 6));
}

/// Records of the form "LENGTH KEY=VALUE\n" that fill the text. Returns the value of `key`, or what is given instead.
std::string value_of(std::string_view records, std::string_view key, std::string value) {
  while (!records.empty()) {
    const auto blank = records.find(' ');
    check(blank != std::string_view::npos);
    const auto length = std::stoul(std::string(records.substr(0, blank)));
    check(length <= records.size() && length > blank && records[length - 1] == '\n');
    const auto record = records.substr(blank + 1, length - blank - 2);
    const auto equals = record.find('=');
    check(equals != std::string_view::npos);
    if (record.substr(0, equals) == key) value = record.substr(equals + 1);
    records.remove_prefix(length);
  }
  return value;
}

std::string plain_path(std::string_view block) {
  const auto text = [&](std::size_t at, std::size_t size) {
    const auto field = block.substr(at, size);
    return std::string(field.substr(0, field.find('\0')));
  };
  const auto prefix = text(345, 155);
  return prefix.empty() ? text(0, 100) : prefix + "/" + text(0, 100);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Fields fields({reinterpret_cast<const char*>(data), size});
  TarEntry entry;
  entry.type = static_cast<TarType>('0' + fields.number<std::uint8_t>() % 7);
  entry.mode = fields.number<std::uint32_t>();
  entry.uid = fields.number<std::uint32_t>();
  entry.gid = fields.number<std::uint32_t>();
  entry.size = fields.number<std::uint64_t>();
  entry.mtime = fields.number<std::int64_t>();
  // The file system has none longer, and 8 digits of them fit.
  entry.device_major = fields.number<std::uint32_t>() & 0xfff;
  entry.device_minor = fields.number<std::uint32_t>() & 0xfffff;
  entry.path = fields.text();
  entry.link_target = fields.text();
  for (auto count = fields.number<std::uint8_t>() % 4; count > 0; --count) {
    const auto name = fields.text();
    entry.xattrs[name] = fields.text();
  }
  std::string header;
  try {
    header = tar_header(entry);
  } catch (const std::invalid_argument&) {
    return 0;
  }
  check(header.size() % tar_block == 0 && header.size() >= tar_block);
  check(header.size() == tar_header_size(entry));
  const std::string_view all = header;
  const auto last = all.substr(header.size() - tar_block);
  check_block(last);
  auto path = plain_path(last);
  if (header.size() > tar_block) {
    const auto first = all.substr(0, tar_block);
    check_block(first);
    check(first[156] == 'x');
    const auto length = octal(first.substr(124, 12));
    check(header.size() == 2 * tar_block + length + tar_padding(length));
    path = value_of(all.substr(tar_block, length), "path", path);
    check(value_of(all.substr(tar_block, length), "size", std::to_string(octal(last.substr(124, 12)))) ==
          std::to_string(entry.size));
  }
  // No path of a file system holds NUL.
  if (entry.path.find('\0') == std::string::npos) check(path == entry.path);
  return 0;
}

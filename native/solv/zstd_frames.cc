#include "solv/zstd_frames.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace rpmoci {

namespace {

constexpr std::uint32_t kMagic = 0xfd2fb528;
constexpr std::uint32_t kSkippable = 0x184d2a50;

class Reader {
 public:
  Reader(int fd, std::uint64_t size) : fd_(fd), size_(size) {}

  bool at_end() const { return at_ == size_; }

  /// Little-endian number of at most 4 bytes; nothing when the file ends before.
  std::optional<std::uint32_t> number(std::size_t width) {
    std::uint8_t bytes[4] = {};
    if (pread(fd_, bytes, width, static_cast<off_t>(at_)) != static_cast<ssize_t>(width)) return std::nullopt;
    at_ += width;
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | std::uint32_t{bytes[3]} << 24;
  }

  bool skip(std::uint64_t count) {
    if (count > size_ - at_) return false;
    at_ += count;
    return true;
  }

 private:
  int fd_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
};

bool skip_blocks(Reader& reader) {
  while (true) {
    const auto header = reader.number(3);
    if (!header) return false;
    const bool last = (*header & 1) != 0;
    const auto type = *header >> 1 & 3;
    // A block of repetitions holds one byte.
    if (!reader.skip(type == 1 ? 1 : *header >> 3)) return false;
    if (last) return true;
  }
}

bool skip_frame(Reader& reader) {
  const auto magic = reader.number(4);
  if (!magic) return false;
  if ((*magic & 0xfffffff0) == kSkippable) {
    const auto size = reader.number(4);
    return size && reader.skip(*size);
  }
  if (*magic != kMagic) return false;
  const auto descriptor = reader.number(1);
  if (!descriptor) return false;
  const bool single_segment = (*descriptor & 0x20) != 0;
  const auto size_flag = *descriptor >> 6;
  constexpr std::uint64_t kDictionarySizes[] = {0, 1, 2, 4};
  const std::uint64_t content_size = size_flag == 0 ? (single_segment ? 1 : 0) : std::uint64_t{1} << size_flag;
  if (!reader.skip((single_segment ? 0 : 1) + kDictionarySizes[*descriptor & 3] + content_size)) return false;
  return skip_blocks(reader) && reader.skip((*descriptor & 4) != 0 ? 4 : 0);
}

}  // namespace

bool has_whole_zstd_frames(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return false;
  Reader reader(fd, static_cast<std::uint64_t>(status.st_size));
  while (!reader.at_end()) {
    if (!skip_frame(reader)) return false;
  }
  return true;
}

}  // namespace rpmoci

#include "solv/compressed_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "solv/libsolv.h"
#include "solv/zstd_frames.h"

namespace rpmoci {

namespace {

struct Format {
  std::string_view magic;
  const char* name;
};

constexpr std::array kFormats = {
    Format{"\x1f\x8b", "metadata.gz"},
    Format{"\xfd"
           "7zXZ",
           "metadata.xz"},
    Format{"BZh", "metadata.bz2"},
    Format{"\x28\xb5\x2f\xfd", "metadata.zst"},
};

}  // namespace

FileHandle open_compressed(const std::string& path) {
  errno = 0;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FileHandle();
  std::array<char, 8> start{};
  const auto count = pread(fd, start.data(), start.size(), 0);
  const std::string_view head(start.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
  const char* name = "metadata.xml";
  for (const auto& format : kFormats) {
    if (head.starts_with(format.magic)) name = format.name;
  }
  if (name == kFormats.back().name && !has_whole_zstd_frames(fd)) {
    close(fd);
    errno = EBADMSG;
    return FileHandle();
  }
  // Takes the descriptor over on success only.
  FileHandle file(solv_xfopen_fd(name, fd, "r"));
  if (!file) close(fd);
  return file;
}

}  // namespace rpmoci

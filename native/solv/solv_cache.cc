#include "solv/solv_cache.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <stdio_ext.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace rpmoci {

namespace {

/// Follows the entry's data. libsolv's reader stops before it, and trusts what it reads, so that damage must be found
/// by the checksum.
struct Trailer {
  char magic[8];
  std::uint64_t size;
  std::uint64_t checksum;
};

constexpr char kMagic[8] = {'r', 'p', 'm', 'o', 'c', 'i', 'S', '1'};

std::size_t size_of(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
}

/// The trailer for the first `size` bytes of a file; nothing when they cannot be read. In blocks: a mapping would count
/// as memory of the process.
std::optional<Trailer> trailer_of(int fd, std::size_t size) {
  Trailer trailer{};
  std::memcpy(trailer.magic, kMagic, sizeof(kMagic));
  trailer.size = size;
  std::uint32_t checksum = 0;
  std::array<char, 65536> block{};
  for (std::size_t at = 0; at < size;) {
    const auto count = pread(fd, block.data(), std::min(block.size(), size - at), static_cast<off_t>(at));
    if (count <= 0) return std::nullopt;
    checksum = libdeflate_crc32(checksum, block.data(), static_cast<std::size_t>(count));
    at += static_cast<std::size_t>(count);
  }
  trailer.checksum = checksum;
  return trailer;
}

bool is_whole(int fd) {
  const auto size = size_of(fd);
  if (size < sizeof(Trailer)) return false;
  const auto length = size - sizeof(Trailer);
  Trailer found{};
  if (pread(fd, &found, sizeof(found), static_cast<off_t>(length)) != static_cast<ssize_t>(sizeof(found))) return false;
  const auto expected = trailer_of(fd, length);
  return expected && std::memcmp(&found, &*expected, sizeof(found)) == 0;
}

bool append_trailer(std::FILE* file) {
  if (std::fflush(file) != 0) return false;
  const int fd = fileno(file);
  const auto trailer = trailer_of(fd, size_of(fd));
  return trailer && std::fwrite(&*trailer, sizeof(*trailer), 1, file) == 1 && std::fflush(file) == 0;
}

/// Opens the file to write; its name in `path` when it has one.
FileHandle create(const std::string& directory, const std::string& name, std::string& path) {
  if (!directory.empty()) {
    std::string temporary = directory + "/." + name + ".XXXXXX";
    if (const int fd = mkostemp(temporary.data(), O_CLOEXEC); fd >= 0) {
      path = temporary;
      fchmod(fd, 0644);
      return FileHandle(fdopen(fd, "w+"));
    }
  }
  const int fd = memfd_create("rpmoci-solv", MFD_CLOEXEC);
  return FileHandle(fd < 0 ? nullptr : fdopen(fd, "w+"));
}

/// Fills a new file. An empty handle when that fails; a file with a name is then gone.
FileHandle fill(const std::string& directory, const std::string& name, const std::function<bool(std::FILE*)>& write) {
  std::string path;
  auto file = create(directory, name, path);
  // libsolv's writer puts it byte by byte.
  if (file) __fsetlocking(file.get(), FSETLOCKING_BYCALLER);
  const bool written = file && write(file.get()) && append_trailer(file.get());
  const bool named = written && !path.empty() && std::rename(path.c_str(), (directory + "/" + name).c_str()) == 0;
  if (!path.empty() && !named) unlink(path.c_str());
  if (!written) return {};
  std::rewind(file.get());
  return file;
}

}  // namespace

FileHandle SolvCache::open(const std::string& name) const {
  if (directory_.empty()) return {};
  const int fd = ::open((directory_ + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  if (!is_whole(fd)) {
    close(fd);
    return {};
  }
  // Tells whoever clears the cache that it is in use; a folder that may only be read does not get it.
  futimens(fd, nullptr);
  return FileHandle(fdopen(fd, "r"));
}

FileHandle SolvCache::store(const std::string& name, const std::function<bool(std::FILE*)>& write) const {
  auto file = fill(directory_, name, write);
  // A full disk, for one: the answer does not depend on the cache.
  if (!file && !directory_.empty()) file = fill({}, name, write);
  if (!file) throw std::runtime_error(std::string("cannot keep parsed metadata: ") + std::strerror(errno));
  return file;
}

}  // namespace rpmoci

#include "layer/file_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "failure.h"
#include "quote.h"

namespace rpmoci {

namespace {

/// Between two looks at whether the reading was cancelled.
constexpr std::size_t most_at_once = std::size_t{1} << 20;

}  // namespace

void FileReader::read(const Node& file, std::uint64_t offset, std::span<char> bytes) {
  open(file);
  if (file.metadata.is_sparse()) {
    read_sparse(file, offset, bytes);
  } else {
    read_data(file, offset, bytes);
  }
  refuse_change(file);
}

Sha256Digest FileReader::digest(const Node& file) {
  Sha256 hash;
  std::vector<char> buffer(std::min<std::uint64_t>(file.metadata.size, most_at_once));
  for (std::uint64_t offset = 0; offset < file.metadata.size;) {
    const auto size = std::min<std::uint64_t>(file.metadata.size - offset, buffer.size());
    read(file, offset, {buffer.data(), size});
    hash.update({buffer.data(), size});
    offset += size;
  }
  return hash.digest();
}

void FileReader::open(const Node& file) {
  if (open_file_ == &file) return;
  open_file_ = nullptr;
  try {
    if (open_directory_ != file.parent) {
      open_directory_ = nullptr;
      directory_ = tree_.open_directory(*file.parent);
      open_directory_ = file.parent;
    }
  } catch (const std::system_error& error) {
    fail(file, error.code().value());
  }
  // Without O_NONBLOCK, a FIFO that took the file's place would block here.
  constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  file_ = FileDescriptor(::openat(directory_.get(), file.name.data(), flags));
  if (!file_) fail(file, errno);
  open_file_ = &file;
}

void FileReader::read_data(const Node& file, std::uint64_t offset, std::span<char> bytes) {
  while (!bytes.empty()) {
    if (cancelled_) throw Failure("CANCELLED", "the layer was given up");
    const auto wanted = std::min(bytes.size(), most_at_once);
    const auto count = ::pread(file_.get(), bytes.data(), wanted, static_cast<off_t>(offset));
    if (count < 0) {
      if (errno == EINTR) continue;
      fail(file, errno);
    }
    if (count == 0) fail(file, "became shorter while it was read");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

void FileReader::read_sparse(const Node& file, std::uint64_t offset, std::span<char> bytes) {
  const auto end = offset + bytes.size();
  while (offset < end) {
    const auto data = ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_DATA);
    // ENXIO: nothing but a hole follows. Other errors: the file system knows no holes.
    if (data < 0 && errno != ENXIO) return read_data(file, offset, bytes);
    const auto data_start = data < 0 ? end : std::min<std::uint64_t>(static_cast<std::uint64_t>(data), end);
    const auto hole_size = static_cast<std::size_t>(data_start - offset);
    std::memset(bytes.data(), 0, hole_size);
    bytes = bytes.subspan(hole_size);
    offset = data_start;
    if (offset == end) return;
    const auto hole = ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_HOLE);
    const auto data_end = hole < 0 ? end : std::min<std::uint64_t>(static_cast<std::uint64_t>(hole), end);
    const auto data_size = static_cast<std::size_t>(data_end - offset);
    // Only a file that shrinks meanwhile has no data here.
    if (data_size == 0) return read_data(file, offset, bytes);
    read_data(file, offset, bytes.first(data_size));
    bytes = bytes.subspan(data_size);
    offset = data_end;
  }
}

void FileReader::refuse_change(const Node& file) const {
  Metadata now;
  try {
    now = metadata_of(file_.get());
  } catch (const std::system_error& error) {
    fail(file, error.code().value());
  }
  if (!now.same_contents(file.metadata)) fail(file, "was changed while it was read");
}

void FileReader::fail(const Node& file, const std::string& what) const {
  throw Failure("LAYER_READ", quote(tree_.host_path(file)) + ' ' + what);
}

void FileReader::fail(const Node& file, int error) const {
  throw Failure("LAYER_READ", "cannot read " + quote(tree_.host_path(file)) + ": " + reason(error));
}

}  // namespace rpmoci

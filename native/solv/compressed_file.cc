#include "solv/compressed_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "digest.h"
#include "file_descriptor.h"
#include "solv/libsolv.h"
#include "solv/xml_guard.h"
#include "solv/zstd_frames.h"

namespace rpmoci {

namespace {

struct Format {
  std::string_view magic;
  const char* name;
};

constexpr std::string_view kGzipMagic = "\x1f\x8b";

/// What libsolv unpacks.
constexpr std::array kFormats = {
    Format{"\xfd"
           "7zXZ",
           "metadata.xz"},
    Format{"BZh", "metadata.bz2"},
    Format{"\x28\xb5\x2f\xfd", "metadata.zst"},
};

/// Real metadata shrinks to a tenth, lists of files to a thirtieth; what shrinks to less was made to fill the memory.
constexpr std::uint64_t kMostRatio = 100;
constexpr std::uint64_t kAlwaysAllowed = 64 << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30;

constexpr std::size_t kBufferSize = 64 << 10;

/// Not libsolv's, nor zlib's own reader of files: neither tells in all of its versions when a file is cut off in its
/// trailer.
class GzipReader {
 public:
  /// Takes the descriptor over.
  explicit GzipReader(int fd) : fd_(fd), input_(kBufferSize) {
    // 16: the format of gzip.
    if (inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~GzipReader() { inflateEnd(&stream_); }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  /// As read(2).
  ssize_t read(char* buffer, std::size_t size) {
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out == size && fill()) {
      if (!in_member_) {
        // gzip(1) too passes over what comes after a member and is none.
        if (*stream_.next_in != static_cast<Bytef>(kGzipMagic.front())) break;
        in_member_ = true;
      }
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        in_member_ = false;
        inflateReset(&stream_);
      } else if (result != Z_OK) {
        failed_ = true;
      }
    }
    const auto count = size - stream_.avail_out;
    if (count > 0 || (!failed_ && !in_member_)) return static_cast<ssize_t>(count);
    errno = EIO;
    return -1;
  }

 private:
  /// False at the end of the file.
  bool fill() {
    if (failed_) return false;
    if (stream_.avail_in > 0) return true;
    const auto count = ::read(fd_.get(), input_.data(), input_.size());
    if (count < 0) failed_ = true;
    if (count <= 0) return false;
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(count);
    return true;
  }

  const FileDescriptor fd_;
  std::vector<char> input_;
  z_stream stream_{};
  bool in_member_ = false;
  bool failed_ = false;
};

FileHandle open_gzip(int fd) {
  auto reader = std::make_unique<GzipReader>(fd);
  cookie_io_functions_t functions{};
  functions.read = [](void* cookie, char* buffer, std::size_t size) {
    return static_cast<GzipReader*>(cookie)->read(buffer, size);
  };
  functions.close = [](void* cookie) {
    delete static_cast<GzipReader*>(cookie);
    return 0;
  };
  FileHandle stream(fopencookie(reader.get(), "r", functions));
  if (stream) reader.release();
  return stream;
}

FileHandle open_unpacking(int fd) {
  std::array<char, 8> start{};
  const auto count = pread(fd, start.data(), start.size(), 0);
  const std::string_view head(start.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
  if (head.starts_with(kGzipMagic)) return open_gzip(fd);
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

}  // namespace

/// The bytes behind the stream that libsolv reads.
class CompressedFile::Source {
 public:
  Source(const std::string& path, OpenContents expected, const std::string& root)
      : expected_(std::move(expected)), digest_(expected_.algorithm) {
    if (!root.empty()) guard_.emplace(root);
    errno = 0;
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
      struct stat status {};
      if (fstat(fd, &status) == 0) most_ = most_bytes(static_cast<std::uint64_t>(status.st_size));
      file_ = open_unpacking(fd);
    }
    if (!file_) fault_ = errno != 0 ? std::strerror(errno) : "unknown compression";
  }

  bool is_open() const { return file_ != nullptr; }

  /// As read(2).
  ssize_t read(char* buffer, std::size_t size) {
    const auto count = std::fread(buffer, 1, size, file_.get());
    // To libsolv a read error is the end of the file, so that a damaged trailer would go unnoticed.
    if (count < size && std::ferror(file_.get()) != 0) return fail("the data is damaged or truncated");
    bytes_ += count;
    if (expected_.size && bytes_ > *expected_.size) {
      return fail(expected_.name + " unpacks to more than its open-size of " + std::to_string(*expected_.size) +
                  " bytes");
    }
    if (bytes_ > most_)
      return fail("it unpacks to more than " + std::to_string(most_ >> 20) + " MiB, which is too much");
    if (guard_ && !guard_->feed({buffer, count})) return fail(guard_->fault());
    digest_.update(buffer, count);
    return static_cast<ssize_t>(count);
  }

  /// After the last byte.
  std::string verdict() {
    if (!fault_.empty()) return fault_;
    if (expected_.size && bytes_ != *expected_.size) {
      return expected_.name + " unpacks to " + std::to_string(bytes_) + " bytes, not to its open-size of " +
             std::to_string(*expected_.size);
    }
    if (expected_.algorithm.empty()) return {};
    const auto actual = digest_.finish();
    if (actual == expected_.checksum) return {};
    return expected_.name + " has the wrong open-checksum: expected " + expected_.algorithm + ":" + expected_.checksum +
           ", got " + actual;
  }

 private:
  static std::uint64_t most_bytes(std::uint64_t compressed) {
    return std::min(kMostBytes, std::max(kAlwaysAllowed, compressed * kMostRatio));
  }

  ssize_t fail(std::string reason) {
    fault_ = std::move(reason);
    return failed();
  }

  static ssize_t failed() {
    errno = EIO;
    return -1;
  }

  OpenContents expected_;
  Digest digest_;
  std::optional<XmlGuard> guard_;
  FileHandle file_;
  std::uint64_t bytes_ = 0;
  std::uint64_t most_ = kMostBytes;
  std::string fault_;
};

CompressedFile::CompressedFile(const std::string& path, OpenContents expected, const std::string& root)
    : source_(std::make_unique<Source>(path, std::move(expected), root)) {
  if (!source_->is_open()) return;
  cookie_io_functions_t functions{};
  functions.read = [](void* cookie, char* buffer, std::size_t size) {
    return static_cast<ReadAhead*>(cookie)->read(buffer, size);
  };
  ahead_ = std::make_unique<ReadAhead>(
      [source = source_.get()](char* buffer, std::size_t size) { return source->read(buffer, size); });
  stream_.reset(fopencookie(ahead_.get(), "r", functions));
  if (!stream_) throw std::bad_alloc();
  std::setvbuf(stream_.get(), nullptr, _IOFBF, kBufferSize);
}

CompressedFile::~CompressedFile() = default;

std::string CompressedFile::fault() {
  if (stream_) {
    std::vector<char> rest(kBufferSize);
    while (std::fread(rest.data(), 1, rest.size(), stream_.get()) == rest.size()) continue;
    ahead_->rethrow();
  }
  return source_->verdict();
}

}  // namespace rpmoci

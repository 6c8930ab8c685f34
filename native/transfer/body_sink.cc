#include "transfer/body_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "failure.h"
#include "write_all.h"

namespace rpmoci {

namespace {

constexpr std::size_t kBlock = 256 << 10;

}  // namespace

void MemorySink::restart() {
  bytes_.clear();
  size_ = 0;
}

void MemorySink::write(std::span<const char> bytes) {
  bytes_.append(bytes.data(), bytes.size());
  size_ += bytes.size();
}

FileSink::FileSink(const std::string& path, const std::string& algorithm)
    : path_(path),
      algorithm_(algorithm),
      file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666)),
      digest_(algorithm) {
  if (!file_) fail(errno);
  read_what_is_there();
}

void FileSink::read_what_is_there() {
  struct stat status;
  if (::fstat(file_.get(), &status) != 0) fail(errno);
  if (status.st_size == 0) return;
  std::vector<char> block(kBlock);
  while (true) {
    const auto count = ::read(file_.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(errno);
    if (count == 0) return;
    digest_.update(block.data(), static_cast<std::size_t>(count));
    size_ += static_cast<std::uint64_t>(count);
  }
}

void FileSink::restart() {
  if (size_ == 0) return;
  if (::ftruncate(file_.get(), 0) != 0 || ::lseek(file_.get(), 0, SEEK_SET) != 0) fail(errno);
  digest_ = Digest(algorithm_);
  waiting_.clear();
  size_ = 0;
}

void FileSink::write(std::span<const char> bytes) {
  digest_.update(bytes.data(), bytes.size());
  size_ += bytes.size();
  waiting_.reserve(kBlock);
  if (waiting_.size() + bytes.size() > kBlock) flush();
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
}

void FileSink::flush() {
  if (!write_all(file_.get(), waiting_)) fail(errno);
  waiting_.clear();
}

std::string FileSink::finish() {
  flush();
  return digest_.finish();
}

void FileSink::fail(int error) const { throw Failure("LOCAL", path_ + ": " + std::generic_category().message(error)); }

}  // namespace rpmoci

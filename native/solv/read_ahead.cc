#include "solv/read_ahead.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace rpmoci {

ReadAhead::ReadAhead(Reader reader)
    : reader_(std::move(reader)), thread_([this](const std::stop_token& stop) { fill(stop); }) {}

void ReadAhead::fill(const std::stop_token& stop) {
  for (ssize_t count = 1; count > 0;) {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return filled_ - taken_ < blocks_.size(); })) return;
    }
    // Nobody else looks at it before it counts as filled.
    auto& block = blocks_[filled_ % blocks_.size()];
    try {
      if (!block.bytes) block.bytes = std::make_unique_for_overwrite<char[]>(kBlockSize);
      count = reader_(block.bytes.get(), kBlockSize);
    } catch (...) {
      thrown_ = std::current_exception();
      count = -1;
    }
    block.count = count;
    {
      const std::lock_guard lock(mutex_);
      ++filled_;
    }
    changed_.notify_one();
  }
}

ssize_t ReadAhead::read(char* buffer, std::size_t size) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return filled_ > taken_; });
  }
  const auto& block = blocks_[taken_ % blocks_.size()];
  if (block.count <= 0) {
    if (block.count < 0) errno = EIO;
    return block.count;
  }
  const auto count = std::min(size, static_cast<std::size_t>(block.count) - position_);
  std::memcpy(buffer, block.bytes.get() + position_, count);
  position_ += count;
  if (position_ < static_cast<std::size_t>(block.count)) return static_cast<ssize_t>(count);
  position_ = 0;
  {
    const std::lock_guard lock(mutex_);
    ++taken_;
  }
  changed_.notify_one();
  return static_cast<ssize_t>(count);
}

void ReadAhead::rethrow() {
  if (thrown_) std::rethrow_exception(thrown_);
}

}  // namespace rpmoci

// Reads a stream in a thread of its own, a few blocks ahead of whoever uses it.
#pragma once

#include <sys/types.h>

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace rpmoci {

/// Hands on the bytes of another reader, in order, then its end or its error. Holds no more than 1 MiB of them.
class ReadAhead {
 public:
  /// As read(2): 0 at the end, -1 for an error. Not called again after either.
  using Reader = std::function<ssize_t(char*, std::size_t)>;

  /// Calls `reader`, from another thread, until its end, its error, or the destructor.
  explicit ReadAhead(Reader reader);

  /// As read(2). What the reader did happened before its last byte, its end or its error is handed on.
  ssize_t read(char* buffer, std::size_t size);
  /// Throws what the reader threw, which `read` takes for an error.
  void rethrow();

 private:
  static constexpr std::size_t kBlockSize = 256 << 10;

  struct Block {
    std::unique_ptr<char[]> bytes;
    /// Of the bytes; what the reader returned when that is not positive.
    ssize_t count = 0;
  };

  void fill(const std::stop_token& stop);

  Reader reader_;
  std::array<Block, 4> blocks_;
  std::exception_ptr thrown_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  /// Blocks that were filled, and those of them that were used up, ever.
  std::size_t filled_ = 0;
  std::size_t taken_ = 0;
  /// In the block that is being used.
  std::size_t position_ = 0;
  /// The last: it ends before what it uses is gone.
  std::jthread thread_;
};

}  // namespace rpmoci

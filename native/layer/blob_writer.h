// From a stream of bytes to a blob in a file: hashed, compressed and written on threads of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "file_descriptor.h"

namespace rpmoci {

struct BlobOptions {
  /// The file to write; it is created, or truncated.
  std::string output;
  /// gzip's level, 1 to 12; null to store the bytes as they are.
  std::optional<int> level;
  /// Compression threads, at least 1.
  unsigned threads = 1;
};

struct Blob {
  /// Hexadecimal SHA-256 of what was put in.
  std::string diff_id;
  /// Hexadecimal SHA-256 of what was written.
  std::string digest;
  std::uint64_t size = 0;
  std::uint64_t uncompressed_size = 0;
};

/// The stream is cut into blocks of a fixed size, and each becomes one gzip member: the bytes in the file depend on the
/// stream and the level, not on the number of threads. Blocks go round in a ring: the caller fills them; one thread
/// hashes them in order; the compression threads take whichever is next; one thread hashes and writes the members in
/// order; then the caller fills them again. Memory is bounded by the ring.
///
/// The first error of any thread stops all of them and is thrown to the caller. The destructor joins them.
class BlobWriter {
 public:
  /// Throws Failure("LAYER_WRITE").
  /// `progress` is called on the caller's thread with the number of bytes of the stream that have been written.
  BlobWriter(const BlobOptions& options, const std::atomic<bool>& cancelled,
             std::function<void(std::uint64_t)> progress);
  ~BlobWriter();
  BlobWriter(const BlobWriter&) = delete;
  BlobWriter& operator=(const BlobWriter&) = delete;

  /// Room for the next bytes of the stream, at least one, to be filled in place. Waits for a block of the ring.
  /// Throws the first error of the threads, and Failure("CANCELLED").
  std::span<char> room();
  /// Takes the first `size` bytes of what `room` returned.
  void commit(std::size_t size);

  /// Copies bytes into the stream.
  void put(std::string_view bytes);
  void put_zeros(std::size_t size);

  /// Waits until everything is written and closes the file. Must be called last; throws as `room` does.
  Blob finish();

 private:
  struct Block {
    std::unique_ptr<char[]> input;
    std::size_t input_size = 0;
    std::unique_ptr<char[]> output;
    std::size_t output_size = 0;
    bool compressed = false;
  };

  Block& block(std::uint64_t number) { return ring_[number % ring_.size()]; }
  void start(void (BlobWriter::*run)());
  void hash_stream();
  void compress_blocks();
  void write_blob();
  void write_all(const char* bytes, std::size_t size);
  void publish();
  void fail(std::exception_ptr error);
  [[noreturn]] void fail_write(int error) const;

  const std::string output_path_;
  const std::optional<int> level_;
  const std::atomic<bool>& cancelled_;
  const std::function<void(std::uint64_t)> progress_;
  FileDescriptor output_;
  std::vector<Block> ring_;
  /// Of the block that is being filled; null when there is none.
  Block* current_ = nullptr;

  // Everything below, and the members of blocks that a thread has not been given, belongs to the mutex. Blocks are
  // numbered from 0; each counter is the number of the next block of its kind.
  std::mutex mutex_;
  std::condition_variable block_filled_;
  std::condition_variable block_compressed_;
  std::condition_variable block_free_;
  std::uint64_t filled_ = 0;
  std::uint64_t hashed_ = 0;
  std::uint64_t claimed_ = 0;
  std::uint64_t written_ = 0;
  bool ended_ = false;
  std::exception_ptr error_;

  /// Written by one thread each, read after they were joined.
  Blob blob_;
  std::vector<std::jthread> threads_;
};

}  // namespace rpmoci

#include "layer/blob_writer.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "failure.h"
#include "layer/gzip.h"
#include "layer/quote.h"
#include "layer/sha256.h"

namespace rpmoci {

namespace {

/// A block is compressed without its predecessor's window, which costs 0.1 % at this size (0.5 % at 256 KiB); part of the format:
/// another size makes other blobs.
constexpr std::size_t block_size = std::size_t{1} << 20;

/// Enough that no thread waits while the one before it in order is at a block that takes long.
std::size_t ring_size(const BlobOptions& options) { return options.level ? 2 * options.threads + 4 : 8; }

[[noreturn]] void throw_cancelled() { throw Failure("CANCELLED", "the layer was given up"); }

}  // namespace

BlobWriter::BlobWriter(const BlobOptions& options, const std::atomic<bool>& cancelled,
                       std::function<void(std::uint64_t)> progress)
    : output_path_(options.output),
      level_(options.level),
      cancelled_(cancelled),
      progress_(std::move(progress)),
      output_(::open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)),
      ring_(ring_size(options)) {
  if (!output_) fail_write(errno);
  try {
    start(&BlobWriter::hash_stream);
    start(&BlobWriter::write_blob);
    if (level_) {
      for (unsigned i = 0; i < options.threads; ++i) start(&BlobWriter::compress_blocks);
    }
  } catch (...) {
    fail(std::current_exception());
    throw;
  }
}

BlobWriter::~BlobWriter() { fail(std::make_exception_ptr(Failure("CANCELLED", "the layer was given up"))); }

void BlobWriter::start(void (BlobWriter::*run)()) {
  threads_.emplace_back([this, run] {
    try {
      (this->*run)();
    } catch (...) {
      fail(std::current_exception());
    }
  });
}

void BlobWriter::fail(std::exception_ptr error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  block_filled_.notify_all();
  block_compressed_.notify_all();
  block_free_.notify_all();
}

void BlobWriter::fail_write(int error) const {
  throw Failure("LAYER_WRITE", "cannot write " + quote(output_path_) + ": " + reason(error));
}

std::span<char> BlobWriter::room() {
  if (current_ == nullptr) {
    std::uint64_t written = 0;
    std::unique_lock lock(mutex_);
    while (true) {
      if (error_) std::rethrow_exception(error_);
      if (cancelled_) throw_cancelled();
      written = written_;
      if (filled_ - std::min(hashed_, written_) < ring_.size()) break;
      // Whoever cancels does not know of this condition.
      block_free_.wait_for(lock, std::chrono::milliseconds(10));
    }
    lock.unlock();
    current_ = &block(filled_);
    if (current_->input == nullptr) current_->input = std::make_unique_for_overwrite<char[]>(block_size);
    current_->input_size = 0;
    progress_(written * block_size);
  }
  return {current_->input.get() + current_->input_size, block_size - current_->input_size};
}

void BlobWriter::commit(std::size_t size) {
  current_->input_size += size;
  blob_.uncompressed_size += size;
  if (current_->input_size == block_size) publish();
}

void BlobWriter::publish() {
  {
    const std::lock_guard lock(mutex_);
    current_->compressed = !level_;
    ++filled_;
  }
  current_ = nullptr;
  block_filled_.notify_all();
  if (!level_) block_compressed_.notify_one();
}

void BlobWriter::put(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto target = room();
    const auto size = std::min(target.size(), bytes.size());
    std::memcpy(target.data(), bytes.data(), size);
    commit(size);
    bytes.remove_prefix(size);
  }
}

void BlobWriter::put_zeros(std::size_t size) {
  while (size > 0) {
    const auto target = room();
    const auto count = std::min(target.size(), size);
    std::memset(target.data(), 0, count);
    commit(count);
    size -= count;
  }
}

Blob BlobWriter::finish() {
  if (current_ != nullptr && current_->input_size > 0) publish();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  block_filled_.notify_all();
  block_compressed_.notify_all();
  threads_.clear();
  if (error_) std::rethrow_exception(error_);
  if (::close(output_.release()) != 0) fail_write(errno);
  if (!level_) blob_.digest = blob_.diff_id;
  return blob_;
}

void BlobWriter::hash_stream() {
  Sha256 hash;
  std::unique_lock lock(mutex_);
  while (true) {
    block_filled_.wait(lock, [this] { return error_ || hashed_ < filled_ || ended_; });
    if (error_) return;
    if (hashed_ == filled_) break;
    const auto& next = block(hashed_);
    lock.unlock();
    hash.update(next.input.get(), next.input_size);
    lock.lock();
    ++hashed_;
    block_free_.notify_one();
  }
  blob_.diff_id = hash.finish();
}

void BlobWriter::compress_blocks() {
  GzipCompressor compressor(*level_);
  std::unique_lock lock(mutex_);
  while (true) {
    block_filled_.wait(lock, [this] { return error_ || cancelled_ || claimed_ < filled_ || ended_; });
    if (cancelled_) throw_cancelled();
    if (error_ || claimed_ == filled_) return;
    auto& next = block(claimed_++);
    lock.unlock();
    if (next.output == nullptr) next.output = std::make_unique_for_overwrite<char[]>(compressor.bound(block_size));
    next.output_size = compressor.compress(next.input.get(), next.input_size, next.output.get());
    lock.lock();
    next.compressed = true;
    block_compressed_.notify_one();
  }
}

void BlobWriter::write_blob() {
  Sha256 hash;
  std::unique_lock lock(mutex_);
  while (true) {
    block_compressed_.wait(lock,
                           [this] { return error_ || (written_ < filled_ ? block(written_).compressed : ended_); });
    if (error_) return;
    if (written_ == filled_) break;
    const auto& next = block(written_);
    lock.unlock();
    if (level_) {
      hash.update(next.output.get(), next.output_size);
      write_all(next.output.get(), next.output_size);
    } else {
      write_all(next.input.get(), next.input_size);
    }
    lock.lock();
    ++written_;
    block_free_.notify_one();
  }
  blob_.digest = hash.finish();
}

void BlobWriter::write_all(const char* bytes, std::size_t size) {
  blob_.size += size;
  while (size > 0) {
    const auto count = ::write(output_.get(), bytes, size);
    if (count < 0) {
      if (errno == EINTR) continue;
      fail_write(errno);
    }
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
}

}  // namespace rpmoci

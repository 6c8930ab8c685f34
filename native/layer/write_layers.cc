#include "layer/write_layers.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "failure.h"
#include "layer/blob_file.h"
#include "layer/sha256.h"
#include "layer/tar_stream.h"

namespace rpmoci {

namespace {

/// Enough that no thread waits while the one before it in order is at a block that takes long.
std::size_t ring_size(unsigned threads) { return 2 * std::size_t{threads} + 4; }

/// Blocks of all layers are numbered from 0 in the order of the blobs. A block is claimed by a worker, filled,
/// compressed, and, in order, hashed and written; then its place in the ring is free.
class LayersWriter {
 public:
  LayersWriter(const RootTree& tree, const std::vector<LayerOutput>& outputs, const Compression& compression,
               const std::atomic<bool>& cancelled)
      : tree_(tree),
        outputs_(outputs),
        compression_(compression),
        block_size_(block_size(compression.kind)),
        cancelled_(cancelled),
        blobs_(outputs.size()) {
    first_blocks_.push_back(0);
    for (const auto& [listing, path] : outputs) {
      first_blocks_.push_back(first_blocks_.back() + (listing->tar_size + block_size_ - 1) / block_size_);
    }
  }

  std::vector<Blob> run(unsigned threads, const std::function<void(std::uint64_t)>& progress) {
    ring_ = std::vector<Block>(std::min<std::uint64_t>(ring_size(threads), block_count()));
    {
      std::vector<std::jthread> running;
      try {
        start(running, &LayersWriter::hash_archives);
        start(running, &LayersWriter::write_blobs);
        for (unsigned i = 0; i < threads; ++i) start(running, &LayersWriter::make_blocks);
      } catch (...) {
        fail(std::current_exception());
      }
      watch(progress);
    }
    if (error_) std::rethrow_exception(error_);
    return std::move(blobs_);
  }

 private:
  struct Block {
    std::unique_ptr<char[]> input;
    std::size_t input_size = 0;
    std::unique_ptr<char[]> output;
    CompressedBlock compressed;
    bool is_filled = false;
    bool is_compressed = false;
  };

  std::uint64_t block_count() const { return first_blocks_.back(); }
  Block& block(std::uint64_t number) { return ring_[number % ring_.size()]; }
  bool is_cancelled() const { return cancelled_; }

  void start(std::vector<std::jthread>& running, void (LayersWriter::*run)()) {
    running.emplace_back([this, run] {
      try {
        (this->*run)();
      } catch (...) {
        fail(std::current_exception());
      }
    });
  }

  void fail(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    claimable_.notify_all();
    filled_.notify_all();
    compressed_.notify_all();
    over_.notify_all();
  }

  void watch(const std::function<void(std::uint64_t)>& progress) {
    std::unique_lock lock(mutex_);
    while (!error_ && (hashed_ < block_count() || written_ < block_count())) {
      over_.wait_for(lock, std::chrono::milliseconds(is_cancelled() ? 0 : 20));
      const auto written = written_bytes_;
      lock.unlock();
      if (is_cancelled()) fail(std::make_exception_ptr(Failure("CANCELLED", "the layer was given up")));
      progress(written);
      lock.lock();
    }
  }

  /// Each worker.
  void make_blocks() {
    TarStream stream(tree_, cancelled_);
    const auto compressor = block_compressor(compression_);
    // Blocks are claimed in order, and so are layers.
    std::size_t layer = 0;
    std::unique_lock lock(mutex_);
    while (true) {
      claimable_.wait(lock, [this] {
        return error_ || claimed_ == block_count() || claimed_ < std::min(hashed_, written_) + ring_.size();
      });
      if (error_ || claimed_ == block_count()) return;
      const auto number = claimed_++;
      auto& next = block(number);
      next.is_filled = next.is_compressed = false;
      lock.unlock();
      while (number >= first_blocks_[layer + 1]) ++layer;
      fill(next, *outputs_[layer].listing, (number - first_blocks_[layer]) * block_size_, stream);
      lock.lock();
      next.is_filled = true;
      filled_.notify_one();
      if (compressor != nullptr) {
        lock.unlock();
        if (next.output == nullptr) {
          next.output = std::make_unique_for_overwrite<char[]>(compressor->bound(block_size_));
        }
        next.compressed = compressor->compress(next.input.get(), next.input_size, next.output.get());
        lock.lock();
      }
      next.is_compressed = true;
      compressed_.notify_one();
    }
  }

  void fill(Block& block, const LayerListing& listing, std::uint64_t offset, TarStream& stream) const {
    if (block.input == nullptr) block.input = std::make_unique_for_overwrite<char[]>(block_size_);
    block.input_size = std::min<std::uint64_t>(block_size_, listing.tar_size - offset);
    stream.read(listing, offset, {block.input.get(), block.input_size});
  }

  void hash_archives() {
    for (std::size_t layer = 0; layer < outputs_.size(); ++layer) {
      Sha256 hash;
      for (auto number = first_blocks_[layer]; number < first_blocks_[layer + 1]; ++number) {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [&] { return error_ || (number < claimed_ && block(number).is_filled); });
        if (error_) return;
        lock.unlock();
        hash.update(block(number).input.get(), block(number).input_size);
        lock.lock();
        ++hashed_;
        claimable_.notify_one();
        over_.notify_one();
      }
      blobs_[layer].diff_id = hash.finish();
    }
  }

  void write_blobs() {
    for (std::size_t layer = 0; layer < outputs_.size(); ++layer) {
      BlobFile file(outputs_[layer].path);
      const auto frame = blob_frame(compression_.kind);
      file.write(frame->head());
      for (auto number = first_blocks_[layer]; number < first_blocks_[layer + 1]; ++number) {
        std::unique_lock lock(mutex_);
        compressed_.wait(lock, [&] { return error_ || (number < claimed_ && block(number).is_compressed); });
        if (error_) return;
        lock.unlock();
        const auto& done = block(number);
        if (done.output != nullptr) {
          frame->add(done.compressed, done.input_size);
          file.write({done.output.get(), done.compressed.size});
        } else {
          file.write({done.input.get(), done.input_size});
        }
        const auto size = done.input_size;
        if (number + 1 == first_blocks_[layer + 1]) {
          file.write(frame->tail());
          blobs_[layer].size = file.size();
          blobs_[layer].digest = file.finish();
        }
        lock.lock();
        ++written_;
        written_bytes_ += size;
        claimable_.notify_one();
        over_.notify_one();
      }
    }
  }

  const RootTree& tree_;
  const std::vector<LayerOutput>& outputs_;
  const Compression compression_;
  const std::size_t block_size_;
  const std::atomic<bool>& cancelled_;
  /// By layer, and behind the last the number of all blocks.
  std::vector<std::uint64_t> first_blocks_;
  /// Each member is written by one thread, and read after all have ended.
  std::vector<Blob> blobs_;
  std::vector<Block> ring_;

  // Everything below, and the flags of blocks, belongs to the mutex. Counters are numbers of the next block.
  std::mutex mutex_;
  std::condition_variable claimable_;
  std::condition_variable filled_;
  std::condition_variable compressed_;
  std::condition_variable over_;
  std::uint64_t claimed_ = 0;
  std::uint64_t hashed_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t written_bytes_ = 0;
  std::exception_ptr error_;
};

}  // namespace

std::vector<Blob> write_layers(const RootTree& tree, const std::vector<LayerOutput>& outputs,
                               const Compression& compression, unsigned threads, const std::atomic<bool>& cancelled,
                               const std::function<void(std::uint64_t)>& progress) {
  if (outputs.empty()) return {};
  return LayersWriter(tree, outputs, compression, cancelled).run(threads, progress);
}

}  // namespace rpmoci

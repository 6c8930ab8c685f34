#include "layer/write_layers.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <thread>

#include "failure.h"
#include "layer/blob_file.h"
#include "layer/sha256.h"
#include "layer/tar_stream.h"

namespace rpmoci {

namespace {

/// Enough that no thread waits while the one before it in order is at a block that takes long.
std::size_t ring_size(unsigned threads) { return std::size_t{threads} + 3; }

/// Bytes of an archive that are hashed without a blob beside them before the next blob is looked for: two cost hardly
/// more than one.
constexpr std::size_t hashed_alone = std::size_t{1} << 16;

constexpr auto watch_interval = std::chrono::milliseconds(20);

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
        start(running, &LayersWriter::hash);
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
    bool is_made = false;
  };

  std::uint64_t block_count() const { return first_blocks_.back(); }
  Block& block(std::uint64_t number) { return ring_[number % ring_.size()]; }
  /// Blocks whose places are free.
  std::uint64_t finished() const { return std::min({hashed_, digested_, written_}); }

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
    hashable_.notify_all();
    writable_.notify_all();
    over_.notify_all();
  }

  void watch(const std::function<void(std::uint64_t)>& progress) {
    std::unique_lock lock(mutex_);
    while (!error_ && finished() < block_count()) {
      over_.wait_for(lock, watch_interval);
      const auto written = written_bytes_;
      lock.unlock();
      if (cancelled_) fail(std::make_exception_ptr(Failure("CANCELLED", "the layer was given up")));
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
      claimable_.wait(lock,
                      [this] { return error_ || claimed_ == block_count() || claimed_ < finished() + ring_.size(); });
      if (error_ || claimed_ == block_count()) return;
      const auto number = claimed_++;
      auto& next = block(number);
      next.is_made = false;
      lock.unlock();
      while (number >= first_blocks_[layer + 1]) ++layer;
      fill(next, *outputs_[layer].listing, (number - first_blocks_[layer]) * block_size_, stream);
      if (compressor != nullptr) {
        if (next.output == nullptr) {
          next.output = std::make_unique_for_overwrite<char[]>(compressor->bound(block_size_));
        }
        next.compressed = compressor->compress(next.input.get(), next.input_size, next.output.get());
      }
      lock.lock();
      next.is_made = true;
      hashable_.notify_one();
      writable_.notify_one();
    }
  }

  void fill(Block& block, const LayerListing& listing, std::uint64_t offset, TarStream& stream) const {
    if (block.input == nullptr) block.input = std::make_unique_for_overwrite<char[]>(block_size_);
    block.input_size = std::min<std::uint64_t>(block_size_, listing.tar_size - offset);
    stream.read(listing, offset, {block.input.get(), block.input_size});
  }

  /// How far the hashing of the archives, or of the blobs, is.
  struct Hashing {
    std::size_t layer = 0;
    std::uint64_t number = 0;
    Sha256 hash;
    /// Of the block with that number, while it is open.
    std::span<const char> rest;
    bool is_open = false;
  };

  void hash() {
    Hashing archive;
    Hashing blob;
    auto frame = blob_frame(compression_.kind);
    blob.hash.update(frame->head());
    while (open_blocks(archive, blob)) {
      if (archive.is_open && blob.is_open) {
        const auto size = Sha256::update_two(archive.hash, archive.rest, blob.hash, blob.rest);
        archive.rest = archive.rest.subspan(size);
        blob.rest = blob.rest.subspan(size);
      } else {
        auto& only = archive.is_open ? archive : blob;
        const auto part = only.rest.first(std::min(only.rest.size(), hashed_alone));
        only.hash.update(part);
        only.rest = only.rest.subspan(part.size());
      }
      if (archive.is_open && archive.rest.empty()) {
        if (is_last(archive)) blobs_[archive.layer].diff_id = archive.hash.finish();
        close_block(archive, hashed_);
      }
      if (blob.is_open && blob.rest.empty()) {
        const auto& done = block(blob.number);
        frame->add(done.compressed, done.input_size);
        if (is_last(blob)) {
          blob.hash.update(frame->tail());
          blobs_[blob.layer].digest = blob.hash.finish();
          frame = blob_frame(compression_.kind);
          blob.hash.update(frame->head());
        }
        close_block(blob, digested_);
      }
    }
  }

  /// Waits for a block to hash. False when there are no more. An archive's block waits until it is compressed, although
  /// it could be hashed before: hardly any part of a blob is then without a part of an archive beside it.
  bool open_blocks(Hashing& archive, Hashing& blob) {
    std::unique_lock lock(mutex_);
    const auto open = [this](Hashing& hashing, auto bytes_of) {
      if (hashing.is_open || hashing.number >= claimed_ || !block(hashing.number).is_made) return;
      hashing.rest = bytes_of(block(hashing.number));
      hashing.is_open = true;
    };
    hashable_.wait(lock, [&] {
      open(archive, archive_bytes);
      open(blob, blob_bytes);
      return error_ || archive.is_open || blob.is_open || finished_hashing();
    });
    return !error_ && (archive.is_open || blob.is_open);
  }

  bool finished_hashing() const { return std::min(hashed_, digested_) == block_count(); }

  bool is_last(const Hashing& hashing) const { return hashing.number + 1 == first_blocks_[hashing.layer + 1]; }

  void close_block(Hashing& hashing, std::uint64_t& counter) {
    hashing.layer += is_last(hashing) ? 1 : 0;
    ++hashing.number;
    hashing.is_open = false;
    const std::lock_guard lock(mutex_);
    ++counter;
    free_places();
  }

  /// After the mutex' owner has counted a block.
  void free_places() {
    claimable_.notify_one();
    if (finished() == block_count()) over_.notify_one();
  }

  static std::span<const char> archive_bytes(const Block& block) { return {block.input.get(), block.input_size}; }

  static std::span<const char> blob_bytes(const Block& block) {
    return block.output == nullptr ? archive_bytes(block)
                                   : std::span<const char>(block.output.get(), block.compressed.size);
  }

  void write_blobs() {
    for (std::size_t layer = 0; layer < outputs_.size(); ++layer) {
      BlobFile file(outputs_[layer].path);
      const auto frame = blob_frame(compression_.kind);
      file.write(frame->head());
      for (auto number = first_blocks_[layer]; number < first_blocks_[layer + 1]; ++number) {
        std::unique_lock lock(mutex_);
        writable_.wait(lock, [&] { return error_ || (number < claimed_ && block(number).is_made); });
        if (error_) return;
        lock.unlock();
        const auto& done = block(number);
        frame->add(done.compressed, done.input_size);
        file.write(blob_bytes(done));
        const auto size = done.input_size;
        if (number + 1 == first_blocks_[layer + 1]) {
          file.write(frame->tail());
          blobs_[layer].size = file.size();
          file.close();
        }
        lock.lock();
        ++written_;
        written_bytes_ += size;
        free_places();
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
  std::condition_variable hashable_;
  std::condition_variable writable_;
  std::condition_variable over_;
  std::uint64_t claimed_ = 0;
  /// Of the archives, and of the blobs.
  std::uint64_t hashed_ = 0;
  std::uint64_t digested_ = 0;
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

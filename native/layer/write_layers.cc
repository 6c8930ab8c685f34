#include "layer/write_layers.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include "arena.h"
#include "failure.h"
#include "layer/blob_file.h"
#include "layer/tar_stream.h"
#include "sha256.h"

namespace rpmoci {

namespace {

/// Enough that a worker seldom waits while another is at a block that takes long.
std::size_t most_blocks(unsigned threads) { return std::size_t{threads} + 3; }

constexpr auto watch_interval = std::chrono::milliseconds(20);

/// Blocks of all layers are numbered from 0 in the order of the blobs. A worker claims the next block, fills and
/// compresses it; then, in order, it is written and hashed. Any worker can do these two, but the one that made the
/// block does them if it can: its processor still has the bytes in its caches, where others get them slowly (on one
/// with several groups of cores, five times as slowly). For the same reason a worker fills the memory that it used
/// before.
class LayersWriter {
 public:
  LayersWriter(const RootTree& tree, const std::vector<LayerOutput>& outputs, const Compression& compression,
               unsigned threads, const std::atomic<bool>& cancelled)
      : tree_(tree),
        outputs_(outputs),
        compression_(compression),
        block_size_(block_size(compression.kind)),
        threads_(threads),
        cancelled_(cancelled),
        blobs_(outputs.size()) {
    first_blocks_.push_back(0);
    for (const auto& [listing, path] : outputs) {
      first_blocks_.push_back(first_blocks_.back() + (listing->tar_size + block_size_ - 1) / block_size_);
    }
    blocks_ = std::vector<Block>(std::min<std::uint64_t>(most_blocks(threads), block_count()));
    for (auto& block : blocks_) free_.push_back(&block);
  }

  std::vector<Blob> run(const std::function<void(std::uint64_t)>& progress) {
    {
      std::vector<std::jthread> workers;
      try {
        for (unsigned worker = 0; worker < threads_; ++worker) {
          workers.emplace_back([this, worker] {
            try {
              work(worker);
            } catch (...) {
              fail(std::current_exception());
            }
          });
        }
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
    /// Empty until the block is used for the first time.
    std::span<char> input;
    std::size_t input_size = 0;
    std::span<char> output;
    CompressedBlock compressed;
    /// The worker that used its memory last.
    unsigned worker = 0;
  };

  /// One of the two things that are done to blocks in order.
  struct Ordered {
    /// The next block's number and its layer's.
    std::uint64_t number = 0;
    std::size_t layer = 0;
    std::unique_ptr<BlobFrame> frame;
    bool busy = false;
  };

  std::uint64_t block_count() const { return first_blocks_.back(); }
  bool is_last(const Ordered& ordered) const { return ordered.number + 1 == first_blocks_[ordered.layer + 1]; }
  bool can_claim() const { return claimed_ < block_count() && !free_.empty(); }

  void fail(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    changed_.notify_all();
    over_.notify_all();
  }

  void watch(const std::function<void(std::uint64_t)>& progress) {
    std::unique_lock lock(mutex_);
    while (!error_ && hashing_.number < block_count()) {
      over_.wait_for(lock, watch_interval);
      const auto finished = finished_bytes_;
      lock.unlock();
      if (cancelled_) fail(std::make_exception_ptr(Failure("CANCELLED", "the layer was given up")));
      progress(finished);
      lock.lock();
    }
  }

  void work(unsigned worker) {
    TarStream stream(tree_, cancelled_);
    const auto compressor = block_compressor(compression_);
    // Blocks are claimed in order, and so are layers.
    std::size_t layer = 0;
    std::unique_lock lock(mutex_);
    while (!error_ && hashing_.number < block_count()) {
      if (auto* block = next(writing_, block_count(), worker)) {
        in_order(lock, writing_, [&] { write(*block); });
      } else if (block = next(hashing_, writing_.number, worker); block != nullptr) {
        in_order(lock, hashing_, [&] { hash(*block); });
        finished_bytes_ += block->input_size;
        made_.erase(hashing_.number - 1);
        free_.push_back(block);
        if (hashing_.number == block_count()) over_.notify_one();
      } else if (can_claim()) {
        const auto number = claimed_++;
        block = take_free(worker);
        if (block->input.empty()) {
          block->input = memory_.bytes(block_size_);
          if (compressor != nullptr) block->output = memory_.bytes(compressor->bound(block_size_));
        }
        lock.unlock();
        while (number >= first_blocks_[layer + 1]) ++layer;
        fill(*block, *outputs_[layer].listing, (number - first_blocks_[layer]) * block_size_, stream);
        if (compressor != nullptr) {
          block->compressed = compressor->compress(block->input.data(), block->input_size, block->output.data());
        }
        lock.lock();
        made_.emplace(number, block);
        changed_.notify_all();
      } else {
        changed_.wait(lock);
      }
    }
  }

  /// The next block in order, if it is made, its number is below `end`, and this worker should do it: since it made it,
  /// or has nothing else to do. Null otherwise.
  Block* next(const Ordered& ordered, std::uint64_t end, unsigned worker) const {
    if (ordered.busy || ordered.number >= end) return nullptr;
    const auto found = made_.find(ordered.number);
    if (found == made_.end() || (found->second->worker != worker && can_claim())) return nullptr;
    return found->second;
  }

  template <typename Do>
  void in_order(std::unique_lock<std::mutex>& lock, Ordered& ordered, const Do& act) {
    ordered.busy = true;
    lock.unlock();
    act();
    lock.lock();
    ordered.busy = false;
    if (is_last(ordered)) ++ordered.layer;
    ++ordered.number;
    changed_.notify_all();
  }

  /// Of those that are free, the one that the worker used last; else one that nobody did, if there is one.
  Block* take_free(unsigned worker) {
    auto found = std::find_if(free_.rbegin(), free_.rend(), [worker](const Block* block) {
      return !block->input.empty() && block->worker == worker;
    });
    if (found == free_.rend()) {
      found = std::find_if(free_.rbegin(), free_.rend(), [](const Block* block) { return block->input.empty(); });
    }
    if (found == free_.rend()) --found;
    auto* block = *found;
    free_.erase(std::next(found).base());
    block->worker = worker;
    return block;
  }

  void fill(Block& block, const LayerListing& listing, std::uint64_t offset, TarStream& stream) const {
    block.input_size = std::min<std::uint64_t>(block_size_, listing.tar_size - offset);
    stream.read(listing, offset, block.input.first(block.input_size));
  }

  void hash(const Block& block) {
    auto& frame = hashing_.frame;
    if (frame == nullptr) {
      frame = blob_frame(compression_.kind);
      blob_hash_.update(frame->head());
    }
    frame->add(block.compressed, block.input_size);
    const auto archive = archive_bytes(block);
    const auto blob = blob_bytes(block);
    const auto both = Sha256::update_two(archive_hash_, archive, blob_hash_, blob);
    archive_hash_.update(archive.subspan(both));
    blob_hash_.update(blob.subspan(both));
    if (!is_last(hashing_)) return;
    blob_hash_.update(frame->tail());
    frame = nullptr;
    blobs_[hashing_.layer].diff_id = archive_hash_.finish();
    blobs_[hashing_.layer].digest = blob_hash_.finish();
  }

  void write(const Block& block) {
    auto& frame = writing_.frame;
    if (frame == nullptr) {
      frame = blob_frame(compression_.kind);
      file_.emplace(outputs_[writing_.layer].path);
      file_->write(frame->head());
    }
    frame->add(block.compressed, block.input_size);
    file_->write(blob_bytes(block));
    if (!is_last(writing_)) return;
    file_->write(frame->tail());
    frame = nullptr;
    blobs_[writing_.layer].size = file_->size();
    file_->close();
  }

  static std::span<const char> archive_bytes(const Block& block) { return block.input.first(block.input_size); }

  static std::span<const char> blob_bytes(const Block& block) {
    return block.output.empty() ? archive_bytes(block)
                                : std::span<const char>(block.output.first(block.compressed.size));
  }

  const RootTree& tree_;
  const std::vector<LayerOutput>& outputs_;
  const Compression compression_;
  const std::size_t block_size_;
  const unsigned threads_;
  const std::atomic<bool>& cancelled_;
  /// By layer, and behind the last the number of all blocks.
  std::vector<std::uint64_t> first_blocks_;

  // Of who is busy with `hashing_`; of who is with `writing_`.
  Sha256 archive_hash_;
  Sha256 blob_hash_;
  std::optional<BlobFile> file_;
  /// The digests belong to the former, the sizes to the latter.
  std::vector<Blob> blobs_;

  // Everything below belongs to the mutex, but a block that is not free to its worker, or to who is busy with it.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable over_;
  Arena memory_;
  std::vector<Block> blocks_;
  std::vector<Block*> free_;
  /// By number: filled and compressed, and not hashed yet.
  std::map<std::uint64_t, Block*> made_;
  std::uint64_t claimed_ = 0;
  Ordered hashing_;
  Ordered writing_;
  std::uint64_t finished_bytes_ = 0;
  std::exception_ptr error_;
};

}  // namespace

std::vector<Blob> write_layers(const RootTree& tree, const std::vector<LayerOutput>& outputs,
                               const Compression& compression, unsigned threads, const std::atomic<bool>& cancelled,
                               const std::function<void(std::uint64_t)>& progress) {
  if (outputs.empty()) return {};
  return LayersWriter(tree, outputs, compression, threads, cancelled).run(progress);
}

}  // namespace rpmoci

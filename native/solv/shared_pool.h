// A pool that several threads may call.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "failure.h"
#include "solv/package_pool.h"

namespace rpmoci {

/// Runs one call at a time. Callers hold it through a shared_ptr, so that it outlives a call that runs when its last
/// user forgets it.
class SharedPool {
 public:
  explicit SharedPool(std::unique_ptr<PackagePool> pool) : pool_(std::move(pool)) {}

  /// Waits for the calls before it. Throws Failure POOL_CLOSED.
  template <class Call>
  auto run(Call call) {
    std::lock_guard lock(mutex_);
    if (closed_) {
      pool_.reset();
      throw Failure("POOL_CLOSED", "the pool is closed");
    }
    const Release release(*this);
    return call(*pool_);
  }

  /// Idempotent, and does not wait: calls that wait fail, and memory is freed when the one that runs ends.
  void close() {
    closed_ = true;
    if (const std::unique_lock lock(mutex_, std::try_to_lock); lock) pool_.reset();
  }

 private:
  /// Frees what was closed while a call ran.
  struct Release {
    explicit Release(SharedPool& owner) : pool(owner) {}
    ~Release() {
      if (pool.closed_) pool.pool_.reset();
    }
    SharedPool& pool;
  };

  std::mutex mutex_;
  std::atomic<bool> closed_{false};
  std::unique_ptr<PackagePool> pool_;
};

}  // namespace rpmoci

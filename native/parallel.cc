#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace rpmoci {

void run_on_threads(unsigned threads, const std::function<void()>& work, const std::function<void()>& failed) {
  std::mutex mutex;
  std::exception_ptr error;
  const auto guarded = [&] {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (error) return;
      error = std::current_exception();
      if (failed) failed();
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (unsigned i = 1; i < threads; ++i) others.emplace_back(guarded);
    } catch (const std::system_error&) {
      // The machine has no more threads: fewer do the same.
    }
    guarded();
  }
  if (error) std::rethrow_exception(error);
}

void for_each_index(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto useful = static_cast<unsigned>(std::clamp<std::size_t>(count, 1, threads));
  run_on_threads(
      useful,
      [&] {
        for (auto index = next++; index < count; index = next++) work(index);
      },
      [&] { next = count; });
}

}  // namespace rpmoci

// Threads of the addon's own: libuv's four stay free for Node, whatever waits for librpm's lock or hashes a layer.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rpmoci {

/// A queue served by up to `limit` threads, which are started when work comes.
class Executor {
 public:
  explicit Executor(unsigned limit) : limit_(limit) {}
  ~Executor() { stop(); }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void submit(std::function<void()> task);
  /// Waits for the tasks that run and drops those that have not begun (their destructors run, their bodies do not).
  /// Idempotent; nothing may be submitted afterwards.
  void stop();

 private:
  void serve();

  const unsigned limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  unsigned idle_ = 0;
  bool stopping_ = false;
};

}  // namespace rpmoci

// Threads of the addon's own: libuv's four stay free for Node, whatever waits for librpm's lock or hashes a layer.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rpmoci {

/// Where tasks can be handed to.
class TaskQueue {
 public:
  virtual ~TaskQueue() = default;
  virtual void submit(std::function<void()> task) = 0;
};

/// A queue served by up to `limit` threads, which are started when work comes.
class Executor : public TaskQueue {
 public:
  explicit Executor(unsigned limit) : limit_(limit) {}
  ~Executor() override { stop(); }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Drops the task when the executor has been stopped.
  void submit(std::function<void()> task) override;
  /// Waits for the tasks that run and drops those that have not begun (their destructors run, their bodies do not).
  /// Idempotent.
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

// Tasks that must not run at the same time, without a thread that waits for its turn.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "napi/executor.h"

namespace rpmoci {

/// Runs tasks one after the other, in their order, on an executor's threads. Between two of them others of the executor
/// get their turn. Tasks must not own the strand.
class Strand : public TaskQueue, public std::enable_shared_from_this<Strand> {
 public:
  explicit Strand(Executor& executor) : executor_(executor) {}

  void submit(std::function<void()> task) override;

 private:
  void run_next();

  Executor& executor_;
  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
};

}  // namespace rpmoci

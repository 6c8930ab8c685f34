#include "napi/strand.h"

#include <utility>

namespace rpmoci {

void Strand::submit(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    // The one that runs stays in the queue until it has ended.
    if (tasks_.size() > 1) return;
  }
  executor_.submit([self = shared_from_this()] { self->run_next(); });
}

void Strand::run_next() {
  std::function<void()> task;
  {
    std::lock_guard lock(mutex_);
    task = std::move(tasks_.front());
  }
  task();
  task = nullptr;
  {
    std::lock_guard lock(mutex_);
    tasks_.pop_front();
    if (tasks_.empty()) return;
  }
  executor_.submit([self = shared_from_this()] { self->run_next(); });
}

}  // namespace rpmoci

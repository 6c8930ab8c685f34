// The jobs that a solver gets.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "solv/handles.h"
#include "solv/request.h"

namespace rpmoci {

/// Jobs for the solver, each with what it stands for.
class JobQueue {
 public:
  void add(Id how, Id what, Request request) {
    queue_.push(how);
    queue_.push(what);
    requests_.push_back(std::move(request));
  }
  ::Queue* get() { return queue_.get(); }
  const std::vector<Request>& requests() const { return requests_; }
  /// Lets every job be met by what is not the best.
  void accept_any() {
    for (int job = 0; job < queue_.size(); job += 2) queue_.get()->elements[job] &= ~SOLVER_FORCEBEST;
  }

 private:
  IdQueue queue_;
  std::vector<Request> requests_;
};

}  // namespace rpmoci

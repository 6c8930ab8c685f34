// What the addon keeps for each JavaScript environment (the main thread, and every worker that loads it).
#pragma once

#include <napi.h>

#include <atomic>

#include "napi/executor.h"

namespace rpmoci {

/// Set as the instance data of an environment by addon.cc. A clean-up hook calls `shut_down` before Node frees the
/// thread-safe functions that running tasks still report to; freeing this object would come after that, too late.
class Environment {
 public:
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  void shut_down() {
    closing = true;
    rpm.stop();
    general.stop();
  }

  /// Long tasks look at it and give up.
  std::atomic<bool> closing{false};
  /// librpm is global and thread-bound: one thread an environment, beside the process-wide lock in rpm/.
  Executor rpm{1};
  Executor general{4};
};

}  // namespace rpmoci

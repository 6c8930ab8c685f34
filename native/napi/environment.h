// What the addon keeps for each JavaScript environment (the main thread, and every worker that loads it).
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <vector>

#include "napi/executor.h"

namespace rpmoci {

/// The instance data of an environment. A clean-up hook shuts it down before Node frees the thread-safe functions that
/// running tasks still report to; freeing this object would come after that, too late.
class Environment {
 public:
  /// Once, when the addon is loaded.
  static void create(Napi::Env env) {
    auto* environment = new Environment;
    env.SetInstanceData(environment);
    env.AddCleanupHook([environment] { environment->shut_down(); });
  }
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  /// A flag of one task, which is set when the environment is closed. On the JavaScript thread only.
  std::shared_ptr<std::atomic<bool>> new_flag() {
    std::erase_if(flags_, [](const auto& flag) { return flag.expired(); });
    auto flag = std::make_shared<std::atomic<bool>>(closing.load());
    flags_.push_back(flag);
    return flag;
  }

  /// Long tasks look at it and give up.
  std::atomic<bool> closing{false};
  /// librpm is global and thread-bound: one thread an environment, beside the process-wide lock in rpm/.
  Executor rpm{1};
  Executor general{4};
  /// Each waits for a server most of the time; as many as are downloaded at once.
  Executor transfers{8};

 private:
  void shut_down() {
    closing = true;
    for (const auto& flag : flags_) {
      if (const auto alive = flag.lock()) *alive = true;
    }
    rpm.stop();
    general.stop();
    transfers.stop();
  }

  std::vector<std::weak_ptr<std::atomic<bool>>> flags_;
};

}  // namespace rpmoci

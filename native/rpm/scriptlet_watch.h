// What is done about scriptlets whose programs this machine cannot run.
#pragma once

#include <rpm/rpmtag.h>
#include <sys/types.h>

#include <functional>
#include <string>

#include "rpm/handles.h"

namespace rpmoci {

/// rpm's name of a scriptlet's phase, such as `%post`. Triggers on files have those of triggers, as librpm runs them
/// under the same tags.
std::string scriptlet_phase(rpmTagVal tag);

/// While it lives, scriptlets of programs are not run: the processes that librpm starts for them end at once, with
/// success. Those in Lua run as ever, as librpm itself does that.
class ScriptletWatch {
 public:
  /// Gets a scriptlet's phase and its package's NEVRA, in librpm's order, in the root directory. May throw.
  using Perform = std::function<void(const std::string& phase, const std::string& package)>;

  /// `root` is that of the transaction, as it is before librpm makes it the root directory. Throws
  /// Failure("RPM_INSTALL_FAILED") when it cannot be read.
  ScriptletWatch(Perform perform, const std::string& root);
  ~ScriptletWatch();
  ScriptletWatch(const ScriptletWatch&) = delete;
  ScriptletWatch& operator=(const ScriptletWatch&) = delete;

  /// For RPMCALLBACK_SCRIPT_START and RPMCALLBACK_SCRIPT_STOP. Throws nothing, as librpm is the caller.
  void start(rpmTagVal tag, const std::string& package) noexcept;
  void stop() noexcept;

  /// Why a call failed, the first one that did; nothing was called after it. Empty when all is well.
  const std::string& failure() const { return failure_; }

 private:
  const Perform perform_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::string failure_;
};

}  // namespace rpmoci

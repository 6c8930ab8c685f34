// Decides which builds of modules are active, with libsolv, as libdnf does.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "solv/module_metadata.h"
#include "solv/module_problem.h"

namespace rpmoci {

/// How much had to be given up for an answer.
enum class ModuleStatus {
  kGood,
  /// Some default streams cannot be active.
  kDefaults,
  /// The latest build of some stream cannot be active, an older one can.
  kLatest,
  /// Enabled streams exclude each other, or lack what they require; those that conflict are inactive.
  kConflict,
  /// No answer was found; no module is active.
  kBroken,
};

/// The stream of a module that is to be active.
struct ChosenStream {
  std::string stream;
  /// Chosen by the repositories' defaults, not by the user: it gives way.
  bool is_default = false;
};

struct ModuleActivation {
  /// For each build, in their order.
  std::vector<bool> active;
  ModuleStatus status = ModuleStatus::kGood;
  /// Why the status is not good.
  std::vector<ModuleProblem> problems;
};

/// Activates one build of each chosen stream and of what it requires; all builds that libdnf names alike are then
/// active. `platform` is the stream of the module `platform` in the form `platform:el9`.
ModuleActivation activate_modules(const std::vector<ModuleBuild>& builds,
                                  const std::map<std::string, ChosenStream>& streams,
                                  const std::optional<std::string>& platform, const std::string& arch);

}  // namespace rpmoci

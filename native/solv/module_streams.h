// From the streams that a user asks for to active builds and the packages of profiles.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "solv/module_metadata.h"
#include "solv/module_solver.h"

namespace rpmoci {

/// A specification of a module that cannot be followed.
struct RefusedModule {
  enum class Reason {
    /// No text of the form that dnf takes.
    kInvalid,
    /// No repository has the module or stream.
    kUnknown,
    /// Several streams match, and none of them is the default or enabled.
    kAmbiguous,
    /// Another stream of the module is enabled already.
    kTaken,
    /// The stream has no such profile.
    kProfile,
    /// Its builds are not active.
    kInactive,
  };
  std::string spec;
  Reason reason = Reason::kUnknown;
  /// What there is instead: names like it, streams, or profiles.
  std::vector<std::string> alternatives;
};

/// A package that a profile installs.
struct ProfilePackage {
  std::string spec;
  std::string name;
  /// NEVRAs of the stream's packages, among which the package is looked for first.
  std::vector<std::string> artifacts;
};

struct ModuleSelection {
  ModuleActivation activation;
  std::vector<RefusedModule> refused;
  std::vector<ProfilePackage> profile_packages;
};

/// Enables the streams of the request's specifications beside the default ones. The request's builds must be sorted.
ModuleSelection select_modules(const ModuleRequest& request, const std::optional<std::string>& platform);

}  // namespace rpmoci

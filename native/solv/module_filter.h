// Modules among the packages of a pool: what the platform is, what inactive streams hide, what a profile installs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "solv/module_streams.h"

namespace rpmoci {

class PackagePool;

/// What became of a request, for the caller and for later jobs.
struct ModuleReport {
  std::optional<std::string> platform;
  ModuleStatus status = ModuleStatus::kGood;
  std::vector<ModuleProblem> problems;
  std::vector<RefusedModule> refused;
  std::vector<ProfilePackage> profile_packages;
  /// `name:stream:version:context:arch` of the builds that are active, in their order.
  std::vector<std::string> active;
};

/// Activates streams and hides the packages that dnf would hide, in place of what an earlier request hid. The result
/// does not depend on the order of builds.
ModuleReport apply_modules(PackagePool& pool, ModuleRequest request);

/// `platform:el9` and the like, from what the latest of the packages that provide `system-release` provide as
/// `base-module(…)`; nothing when they do not, or disagree.
std::optional<std::string> find_platform(const PackagePool& pool);

/// The packages that are hidden while `active` (for each build) are the active builds, in the order of their Ids: those
/// of inactive builds, and those outside of modules that share a name with, or provide the name of, one of an active
/// build. Local packages are never hidden, nor are those of repositories with module_hotfixes.
std::vector<Id> packages_hidden_by_modules(const PackagePool& pool, const std::vector<ModuleBuild>& builds,
                                           const std::vector<bool>& active);

/// What may be installed for a package of a profile: the stream's own packages of that name and those of repositories
/// with module_hotfixes, or else any. Visible packages only.
std::vector<Id> profile_candidates(const PackagePool& pool, const ProfilePackage& wanted);

}  // namespace rpmoci

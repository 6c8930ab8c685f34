// What repositories say of modules: groups of packages that are offered in several streams, of which one is active.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rpmoci {

/// A module that a build needs at run time, in one of some streams; without any, in every stream.
struct ModuleRequirement {
  std::string module;
  std::vector<std::string> streams;
};

struct ModuleProfile {
  std::string name;
  std::vector<std::string> packages;
};

/// One build of a stream, in the words of a `modulemd` document.
struct ModuleBuild {
  std::string repository_id;
  std::string name;
  std::string stream;
  /// Decimal digits.
  std::string version;
  std::string context;
  /// Empty when the document has none.
  std::string arch;
  /// The context tells builds with other requirements apart; without it the requirements themselves do.
  bool static_context = false;
  std::vector<ModuleRequirement> requirements;
  /// NEVRAs of its packages, with their epochs.
  std::vector<std::string> artifacts;
  /// Names of packages that have left the module.
  std::vector<std::string> demodularized;
  std::vector<ModuleProfile> profiles;
};

/// The modules of all repositories, and what is asked of them.
struct ModuleRequest {
  std::vector<ModuleBuild> builds;
  /// rpm's name of the architecture to install for.
  std::string arch;
  /// Default streams by module.
  std::map<std::string, std::string> defaults;
  /// What is enabled, as `dnf module install` takes it, in the user's order.
  std::vector<std::string> specs;
  /// `platform:el9` and the like; nothing to take what the packages of the release say.
  std::optional<std::string> platform_id;
};

/// `name:stream:version:context:arch`
std::string text_of(const ModuleBuild& build);

/// In an order that does not depend on that of the repositories and their documents. For libsolv's choice between
/// equals to be dnf's it is the one in which libdnf meets them: static contexts first, then by repository and module,
/// and as libmodulemd writes documents, by the text of their names.
void sort_builds(std::vector<ModuleBuild>& builds);

/// Orders versions, which may exceed any integer's range: negative, zero or positive.
int compare_module_versions(const std::string& a, const std::string& b);

/// For each build the name by which libdnf tells solvables apart: `name:stream:context`. The context is the document's
/// when it is static, and else that of a static build with equal requirements, or the requirements themselves.
std::vector<std::string> solvable_names(const std::vector<ModuleBuild>& builds);

}  // namespace rpmoci

// Packages that would do, but for one thing.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "solv/package_reference.h"

namespace rpmoci {

class PackagePool;

struct HiddenProvider {
  enum class Reason {
    /// excludepkgs of its repository names it.
    kExcluded,
    /// includepkgs of its repository does not name it.
    kNotIncluded,
    /// It belongs to a module stream that is not active, or an active one has packages of its name.
    kModule,
    /// It is for an architecture that cannot be installed.
    kArchitecture,
    /// It has another version.
    kVersion,
  };
  PackageReference package;
  Reason reason = Reason::kVersion;
  /// What it provides instead of what was wanted, for example `libfoo = 1.5-1`; only when it has another version.
  std::string offers;
};

/// Why a package cannot be chosen at all; nothing when it can.
std::optional<HiddenProvider::Reason> unavailable_reason(const PackagePool& pool, Id package);

/// Finds them. Reads the provides of all packages at its first search, so that many searches cost little more than one.
class HiddenProviderFinder {
 public:
  explicit HiddenProviderFinder(const PackagePool& pool) : pool_(pool) {}

  /// The packages that would meet a requirement, or one of the parts of a rich one, if they were not hidden, for
  /// another architecture, or of another version: at most five for each of these reasons, in this order, the best
  /// first.
  std::vector<HiddenProvider> find(Id dependency);

  /// The same for a package specification that matches nothing.
  std::vector<HiddenProvider> find(const std::string& spec);

 private:
  struct Provided {
    Id package;
    Id dependency;
  };

  const std::vector<Provided>& providers_of_name(Id name);

  const PackagePool& pool_;
  /// By the capability's name; nothing before the first search.
  std::optional<std::unordered_map<Id, std::vector<Provided>>> provided_;
};

}  // namespace rpmoci

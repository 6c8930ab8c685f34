// What a new resolution keeps of an earlier one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "solv/package.h"

namespace rpmoci {

class PackagePool;

/// One package of the earlier resolution.
struct EarlierPackage {
  std::string name;
  /// Without an epoch of 0.
  std::string evr;
  /// Empty when it is not known.
  std::string arch;
  std::string repository_id;
  PackageChecksum checksum;
};

/// The visible packages of a name, of any architecture, in the order of their Ids.
std::vector<Id> packages_named(const PackagePool& pool, const std::string& name);

/// The packages of the pool that are those of an earlier resolution: of several with one name, version and architecture
/// the ones with the same checksum, and among these the one of the same repository. What is no longer there is left
/// out. In the order of their Ids.
std::vector<Id> kept_packages(const PackagePool& pool, const std::vector<EarlierPackage>& earlier);

/// The packages that are installed already, but for those whose names an earlier resolution has: it has put others in
/// their place. In the order of their Ids.
std::vector<Id> installed_packages(const PackagePool& pool, const std::vector<EarlierPackage>& earlier);

/// The visible packages of these names that a better one surpasses, in repository priority or else in version, of the
/// same architecture or where one of the two is for any. By name, the worst of each first.
std::vector<Id> surpassed_packages(const PackagePool& pool, const std::vector<std::string>& names);

/// The visible packages that could take the place of kept ones, which are in the order of their Ids: of the same name,
/// and the same architecture or where one of the two is for any. By name, the worst of each first.
std::vector<Id> rivals_of(const PackagePool& pool, const std::vector<Id>& kept);

}  // namespace rpmoci

#include "rpm/installed_dependencies.h"

#include <rpm/rpmds.h>
#include <rpm/rpmstrpool.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace rpmoci {

namespace {

using OwnedDependencies = Owned<rpmds, rpmdsFree>;
using OwnedPool = Owned<rpmstrPool, rpmstrPoolFree>;
using Indices = std::set<uint32_t>;

/// Characters of a rich dependency. No packager writes as many, and a parser of its nests has only so much stack.
constexpr size_t kLongestRich = 16384;

/// Empty in a damaged header, for which librpm has no name.
const char* name_of(rpmds dependency) {
  const char* name = rpmdsN(dependency);
  return name == nullptr ? "" : name;
}

bool is_rich(rpmds dependency) { return *name_of(dependency) == '('; }

/// A dependency of the form `(left op right)`.
struct RichDependency {
  OwnedDependencies left;
  OwnedDependencies right;
  rpmrichOp op = RPMRICHOP_SINGLE;

  /// False when it is not of that form.
  bool parse(rpmds dependency) {
    if (!is_rich(dependency)) return false;
    if (std::strlen(name_of(dependency)) > kLongestRich) return false;
    rpmds left_raw = nullptr;
    rpmds right_raw = nullptr;
    char* message = nullptr;
    const auto code = rpmdsParseRichDep(dependency, &left_raw, &right_raw, &op, &message);
    const Malloced<char> owner(message);
    left.reset(left_raw);
    right.reset(right_raw);
    return code == RPMRC_OK && left && right;
  }
};

class InstalledPackages {
 public:
  explicit InstalledPackages(const std::vector<Header>& headers) : headers_(headers) {
    for (uint32_t index = 0; index < headers.size(); ++index) {
      provides_.push_back(read(headers[index], RPMTAG_PROVIDENAME));
      auto* provides = provides_.back().get();
      while (rpmdsNext(provides) >= 0) by_name_[name_of(provides)].emplace_back(index, rpmdsIx(provides));
    }
    find_files();
  }

  std::vector<uint32_t> dependencies_of(uint32_t index) {
    Indices found;
    const auto requirements = read(headers_[index], RPMTAG_REQUIRENAME);
    while (rpmdsNext(requirements.get()) >= 0) {
      if ((rpmdsFlags(requirements.get()) & RPMSENSE_RPMLIB) != 0) continue;
      const auto providers = providers_of(requirements.get());
      if (!providers.contains(index)) found.insert(providers.begin(), providers.end());
    }
    return {found.begin(), found.end()};
  }

 private:
  OwnedDependencies read(Header header, rpmTagVal tag) const {
    return OwnedDependencies(rpmdsNewPool(pool_.get(), header, tag, 0));
  }

  Indices providers_of(rpmds dependency) {
    RichDependency rich;
    if (!rich.parse(dependency)) return is_rich(dependency) ? Indices() : single_providers_of(dependency);
    const auto left = providers_of(rich.left.get());
    if (rich.op == RPMRICHOP_IF) {
      RichDependency choice;
      const bool has_else = choice.parse(rich.right.get()) && choice.op == RPMRICHOP_ELSE;
      const bool condition = !providers_of(has_else ? choice.left.get() : rich.right.get()).empty();
      if (condition) return left;
      return has_else ? providers_of(choice.right.get()) : Indices();
    }
    const auto right = providers_of(rich.right.get());
    Indices found;
    const auto into = std::inserter(found, found.end());
    if (rich.op == RPMRICHOP_WITH) {
      std::ranges::set_intersection(left, right, into);
    } else if (rich.op == RPMRICHOP_WITHOUT) {
      std::ranges::set_difference(left, right, into);
    } else {
      std::ranges::set_union(left, right, into);
    }
    return found;
  }

  Indices single_providers_of(rpmds dependency) {
    Indices found;
    const std::string name = name_of(dependency);
    if (const auto known = by_name_.find(name); known != by_name_.end()) {
      for (const auto& [index, position] : known->second) {
        auto* provides = provides_[index].get();
        rpmdsSetIx(provides, position);
        if (rpmdsCompare(provides, dependency) != 0) found.insert(index);
      }
    }
    if (const auto owners = files_.find(name); owners != files_.end()) {
      found.insert(owners->second.begin(), owners->second.end());
    }
    return found;
  }

  /// The owners of those paths that somebody requires; all paths would take far more memory.
  void find_files() {
    for (const auto& header : headers_) {
      const auto requirements = read(header, RPMTAG_REQUIRENAME);
      while (rpmdsNext(requirements.get()) >= 0) add_paths(requirements.get());
    }
    for (uint32_t index = 0; index < headers_.size(); ++index) {
      TagData paths(headers_[index], RPMTAG_FILENAMES);
      while (const char* path = paths ? rpmtdNextString(paths.get()) : nullptr) {
        if (const auto known = files_.find(path); known != files_.end()) known->second.insert(index);
      }
    }
  }

  void add_paths(rpmds dependency) {
    RichDependency rich;
    if (rich.parse(dependency)) {
      add_paths(rich.left.get());
      add_paths(rich.right.get());
    } else if (const char* name = name_of(dependency); *name == '/') {
      files_[name];
    }
  }

  /// Open, unlike one that librpm makes for a header: parts of rich dependencies are added to it.
  const OwnedPool pool_{rpmstrPoolCreate()};
  const std::vector<Header>& headers_;
  std::vector<OwnedDependencies> provides_;
  std::unordered_map<std::string, std::vector<std::pair<uint32_t, int>>> by_name_;
  std::unordered_map<std::string, Indices> files_;
};

}  // namespace

std::vector<std::vector<uint32_t>> dependencies_among(const std::vector<Header>& headers) {
  InstalledPackages packages(headers);
  std::vector<std::vector<uint32_t>> dependencies;
  for (uint32_t index = 0; index < headers.size(); ++index) dependencies.push_back(packages.dependencies_of(index));
  return dependencies;
}

}  // namespace rpmoci

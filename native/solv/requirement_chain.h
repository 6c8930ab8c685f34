// How a package comes to be asked for: from a request through requirements to the package.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "solv/package_reference.h"
#include "solv/request.h"

namespace rpmoci {

class PackagePool;

struct ChainLink {
  PackageReference package;
  /// The requirement of the package before that this one meets; empty for the first.
  std::string dependency;
};

struct RequirementChain {
  Request::Kind kind = Request::Kind::kSpec;
  /// The request in the user's words.
  std::string request;
  /// From a package that meets the request to the package in question; at least one.
  std::vector<ChainLink> links;
};

/// The shortest chain to `package` by way of packages out of `involved`, or by way of any visible packages when there
/// is none; nothing when no request leads there. Of equally short ones that of the first request and of the best
/// providers, so that the same problem is always explained by the same chain.
std::optional<RequirementChain> shortest_chain(const PackagePool& pool, const std::vector<Request>& requests,
                                               const std::set<Id>& involved, Id package);

}  // namespace rpmoci

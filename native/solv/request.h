// What a user asks for, as far as explanations need it.
#pragma once

#include <string>
#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

/// One entry of a solver's job queue.
struct Request {
  enum class Kind {
    /// A package specification.
    kSpec,
    /// A requirement of a package that is not there itself.
    kRequirement,
    /// The path of a local package.
    kLocalPackage,
    /// A rule of the resolver's own, which asks for nothing.
    kPolicy,
  };
  Kind kind = Kind::kPolicy;
  /// In the user's words.
  std::string text;
  /// The packages that it may be met by.
  std::vector<Id> packages;
};

}  // namespace rpmoci

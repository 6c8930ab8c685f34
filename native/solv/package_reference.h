// Names one package of a pool, for what is said about it.
#pragma once

#include <string>

#include "solv/libsolv.h"

namespace rpmoci {

struct PackageReference {
  std::string name;
  /// `[epoch:]version-release`; the epoch only when it is not 0.
  std::string evr;
  std::string arch;
  std::string repository_id;

  bool operator==(const PackageReference&) const = default;
};

PackageReference refer_to(::Pool* pool, Id package);

}  // namespace rpmoci

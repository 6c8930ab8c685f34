// Which packages replace which.
#pragma once

#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

class ObsoletesIndex {
 public:
  /// `packages` are in the order of their Ids.
  ObsoletesIndex(::Pool* pool, const std::vector<Id>& packages);

  /// The packages that obsolete `package`, in the order of their Ids.
  std::vector<Id> obsoleters_of(::Pool* pool, Id package) const;

 private:
  struct Entry {
    /// The obsolete name.
    Id name;
    Id obsoleter;
    /// The name with its versions.
    Id dependency;
  };
  /// By name, then obsoleter.
  std::vector<Entry> entries_;
};

}  // namespace rpmoci

// Which installed packages meet whose requirements.
#pragma once

#include <cstdint>
#include <vector>

#include "solv/handles.h"

namespace rpmoci {

/// Installed packages, added one by one.
class InstalledNeeds {
 public:
  InstalledNeeds();

  /// librpm's `Header`, under RpmLibrary's lock.
  void add(void* header);

  /// For each package, in the order in which they were added, the indices of all that meet a requirement of it which it
  /// does not meet itself; sorted. Requirements may be versioned, rich, or paths.
  std::vector<std::vector<std::uint32_t>> needs();

 private:
  PoolHandle pool_;
  ::Repo* repo_;
  std::vector<Id> ids_;
};

}  // namespace rpmoci

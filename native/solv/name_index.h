// The packages of a pool by their names.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

class NameIndex {
 public:
  /// `packages` are in the order of their Ids.
  NameIndex(::Pool* pool, const std::vector<Id>& packages);

  /// Every name once.
  const std::vector<Id>& names() const { return names_; }
  /// In the order of their Ids; none for what is no package's name.
  std::span<const Id> packages_of(Id name) const;

 private:
  /// In the order of their Ids.
  std::vector<Id> names_;
  /// Where the packages of each name begin, and the end of the last.
  std::vector<std::uint32_t> starts_;
  std::vector<Id> packages_;
};

}  // namespace rpmoci

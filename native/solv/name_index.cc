#include "solv/name_index.h"

#include <algorithm>

namespace rpmoci {

NameIndex::NameIndex(::Pool* pool, const std::vector<Id>& packages) : packages_(packages) {
  const auto name_of = [pool](Id package) { return pool_id2solvable(pool, package)->name; };
  std::ranges::stable_sort(packages_, {}, name_of);
  names_.reserve(packages_.size());
  starts_.reserve(packages_.size() + 1);
  for (std::size_t index = 0; index < packages_.size(); ++index) {
    const Id name = name_of(packages_[index]);
    if (!names_.empty() && names_.back() == name) continue;
    names_.push_back(name);
    starts_.push_back(static_cast<std::uint32_t>(index));
  }
  starts_.push_back(static_cast<std::uint32_t>(packages_.size()));
}

std::span<const Id> NameIndex::packages_of(Id name) const {
  const auto found = std::ranges::lower_bound(names_, name);
  if (found == names_.end() || *found != name) return {};
  const auto index = static_cast<std::size_t>(found - names_.begin());
  return std::span(packages_).subspan(starts_[index], starts_[index + 1] - starts_[index]);
}

}  // namespace rpmoci

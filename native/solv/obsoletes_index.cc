#include "solv/obsoletes_index.h"

#include <algorithm>

namespace rpmoci {

namespace {

Id name_of(::Pool* pool, Id dependency) {
  while (ISRELDEP(dependency)) dependency = GETRELDEP(pool, dependency)->name;
  return dependency;
}

}  // namespace

ObsoletesIndex::ObsoletesIndex(::Pool* pool, const std::vector<Id>& packages) {
  for (const Id id : packages) {
    const auto* solvable = pool_id2solvable(pool, id);
    if (solvable->dep_obsoletes == 0) continue;
    for (const Id* dependency = solvable->repo->idarraydata + solvable->dep_obsoletes; *dependency != 0; ++dependency) {
      entries_.push_back({name_of(pool, *dependency), id, *dependency});
    }
  }
  std::ranges::stable_sort(entries_, {}, &Entry::name);
}

std::vector<Id> ObsoletesIndex::obsoleters_of(::Pool* pool, Id package) const {
  auto* solvable = pool_id2solvable(pool, package);
  std::vector<Id> obsoleters;
  for (const auto& entry : std::ranges::equal_range(entries_, solvable->name, {}, &Entry::name)) {
    const bool known = !obsoleters.empty() && obsoleters.back() == entry.obsoleter;
    // Obsoletes are about names, whatever a package provides.
    if (!known && pool_match_nevr(pool, solvable, entry.dependency)) obsoleters.push_back(entry.obsoleter);
  }
  return obsoleters;
}

}  // namespace rpmoci

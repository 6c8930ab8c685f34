#include "solv/requirements.h"

#include "solv/handles.h"

namespace rpmoci {

std::vector<Id> requirements_of(::Pool* pool, Id package) { return dependencies_of(pool, package, SOLVABLE_REQUIRES); }

std::vector<Id> dependencies_of(::Pool* pool, Id package, Id key) {
  IdQueue queue;
  solvable_lookup_deparray(pool_id2solvable(pool, package), key, queue.get(), 0);
  std::vector<Id> dependencies;
  for (const Id id : queue) {
    if (id != SOLVABLE_PREREQMARKER) dependencies.push_back(id);
  }
  return dependencies;
}

std::vector<Id> providers_of(::Pool* pool, Id dependency) {
  std::vector<Id> providers;
  Id provider = 0;
  Id offset = 0;
  FOR_PROVIDES(provider, offset, dependency) {
    if (provider != SYSTEMSOLVABLE) providers.push_back(provider);
  }
  return providers;
}

std::vector<Id> parts_of(::Pool* pool, Id dependency) {
  if (!ISRELDEP(dependency)) return {dependency};
  const auto relation = *GETRELDEP(pool, dependency);
  // An architecture (`name(x86-32)` is a plain name) or a version belongs to the dependency, all else combines several.
  if (relation.flags <= (REL_GT | REL_EQ | REL_LT) || relation.flags == REL_ARCH) return {dependency};
  auto parts = parts_of(pool, relation.name);
  for (const Id part : parts_of(pool, relation.evr)) parts.push_back(part);
  return parts;
}

Id capability_name(::Pool* pool, Id dependency) {
  while (ISRELDEP(dependency)) dependency = GETRELDEP(pool, dependency)->name;
  return dependency;
}

}  // namespace rpmoci

#include "solv/package_reference.h"

#include "solv/package.h"

namespace rpmoci {

PackageReference refer_to(::Pool* pool, Id package) {
  const auto* solvable = pool_id2solvable(pool, package);
  return {.name = pool_id2str(pool, solvable->name),
          .evr = evr_of(pool, package),
          .arch = pool_id2str(pool, solvable->arch),
          .repository_id = solvable->repo->name};
}

}  // namespace rpmoci

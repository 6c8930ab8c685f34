#include "solv/best_first.h"

#include <algorithm>
#include <climits>
#include <cstring>

namespace rpmoci {

namespace {

/// The lower is better. The upper half of a score tells i686 from x86_64 but not noarch's, which has none, from the
/// best; foreign architectures have no score at all.
unsigned arch_class(::Pool* pool, Id arch) {
  const auto score = pool_arch2score(pool, arch);
  return score == 0 ? UINT_MAX : std::max(1u, score >> 16);
}

}  // namespace

std::vector<Id> best_first(::Pool* pool, std::vector<Id> packages) {
  std::ranges::sort(packages, [pool](Id a, Id b) {
    const auto* left = pool_id2solvable(pool, a);
    const auto* right = pool_id2solvable(pool, b);
    if (left->name != right->name)
      return std::strcmp(pool_id2str(pool, left->name), pool_id2str(pool, right->name)) < 0;
    if (left->repo->priority != right->repo->priority) return left->repo->priority > right->repo->priority;
    if (arch_class(pool, left->arch) != arch_class(pool, right->arch)) {
      return arch_class(pool, left->arch) < arch_class(pool, right->arch);
    }
    if (const int order = pool_evrcmp(pool, left->evr, right->evr, EVRCMP_COMPARE); order != 0) return order > 0;
    if (left->arch != right->arch)
      return std::strcmp(pool_id2str(pool, left->arch), pool_id2str(pool, right->arch)) < 0;
    if (left->repo->subpriority != right->repo->subpriority) return left->repo->subpriority > right->repo->subpriority;
    return a < b;
  });
  return packages;
}

}  // namespace rpmoci

#include "solv/best_first.h"

#include <algorithm>
#include <cstring>

namespace rpmoci {

std::vector<Id> best_first(::Pool* pool, std::vector<Id> packages) {
  std::ranges::sort(packages, [pool](Id a, Id b) {
    const auto* left = pool_id2solvable(pool, a);
    const auto* right = pool_id2solvable(pool, b);
    if (left->name != right->name)
      return std::strcmp(pool_id2str(pool, left->name), pool_id2str(pool, right->name)) < 0;
    if (left->repo->priority != right->repo->priority) return left->repo->priority > right->repo->priority;
    if (const int order = pool_evrcmp(pool, left->evr, right->evr, EVRCMP_COMPARE); order != 0) return order > 0;
    // The lower score is better, and 0 is that of foreign architectures.
    const auto left_arch = pool_arch2score(pool, left->arch) - 1;
    const auto right_arch = pool_arch2score(pool, right->arch) - 1;
    if (left_arch != right_arch) return left_arch < right_arch;
    if (left->repo->subpriority != right->repo->subpriority) return left->repo->subpriority > right->repo->subpriority;
    return a < b;
  });
  return packages;
}

}  // namespace rpmoci

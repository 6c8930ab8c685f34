#include "solv/compare_evr.h"

#include "solv/handles.h"

namespace rpmoci {

int compare_evr(const std::string& a, const std::string& b) {
  // The comparison only reads the pool's distribution type, so that all threads may share one.
  static const PoolHandle pool = [] {
    PoolHandle created(pool_create());
    pool_setdisttype(created.get(), DISTTYPE_RPM);
    return created;
  }();
  const int order = pool_evrcmp_str(pool.get(), a.c_str(), b.c_str(), EVRCMP_COMPARE);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

}  // namespace rpmoci

#include "solv/rpm_pool.h"

#include <stdexcept>

namespace rpmoci {

PoolHandle create_rpm_pool() {
  PoolHandle pool(pool_create());
  // Debian's libsolv takes packages for Debian's otherwise, to which rpm's noarch is a foreign architecture.
  if (pool_setdisttype(pool.get(), DISTTYPE_RPM) < 0) throw std::runtime_error("libsolv was built without RPM support");
  // The library must not write to the terminal.
  pool_setdebugmask(pool.get(), 0);
  // As dnf does: hidden packages stay providers, so that a problem can say that they are hidden.
  pool_set_flag(pool.get(), POOL_FLAG_WHATPROVIDESWITHDISABLED, 1);
  // A default in the builds of rpm's own distributions: i686 and x86_64 packages of one name may be installed together.
  pool_set_flag(pool.get(), POOL_FLAG_IMPLICITOBSOLETEUSESCOLORS, 1);
  // The owners of paths that only complete filelists have are looked up when the solver first asks for them.
  pool_set_flag(pool.get(), POOL_FLAG_ADDFILEPROVIDESFILTERED, 1);
  return pool;
}

}  // namespace rpmoci

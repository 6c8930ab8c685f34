// Pools for RPM packages.
#pragma once

#include "solv/handles.h"

namespace rpmoci {

/// An empty pool with dnf's settings. Throws std::runtime_error where libsolv was built without support for RPM.
PoolHandle create_rpm_pool();

}  // namespace rpmoci

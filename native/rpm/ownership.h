// Reading from a root's database what its packages own.
#pragma once

#include "layer/ownership.h"
#include "rpm/installed.h"

namespace rpmoci {

/// Throws as `for_each_installed`.
Ownership read_ownership(const RootDatabase& database);

}  // namespace rpmoci

// Reading from a root's database what its packages own.
#pragma once

#include <memory>

#include "layer/ownership.h"
#include "rpm/installed.h"

namespace rpmoci {

/// Throws as `for_each_installed`.
std::unique_ptr<const Ownership> read_ownership(const RootDatabase& database);

}  // namespace rpmoci

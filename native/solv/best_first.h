// The order in which packages are preferred.
#pragma once

#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

/// By repository priority, then the base architecture (and noarch) first, then from the newest version to the oldest,
/// then by cost; packages of several names are in the order of their names.
std::vector<Id> best_first(::Pool* pool, std::vector<Id> packages);

}  // namespace rpmoci

// The order in which packages are preferred.
#pragma once

#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

/// By repository priority, then from the newest version to the oldest, then the base architecture first, then by cost;
/// packages of several names are in the order of their names.
std::vector<Id> best_first(::Pool* pool, std::vector<Id> packages);

}  // namespace rpmoci

// What packages require, and who provides it.
#pragma once

#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

/// The package's requirements in the order of its metadata, those before its installation among them.
std::vector<Id> requirements_of(::Pool* pool, Id package);

/// The values of another list of dependencies, for example SOLVABLE_RECOMMENDS.
std::vector<Id> dependencies_of(::Pool* pool, Id package, Id key);

/// The packages that meet a dependency, which may be rich, in the order of their Ids.
std::vector<Id> providers_of(::Pool* pool, Id dependency);

/// The dependencies that a rich one is made of, without its operators; the dependency itself when it is not rich.
std::vector<Id> parts_of(::Pool* pool, Id dependency);

/// The capability without its version.
Id capability_name(::Pool* pool, Id dependency);

}  // namespace rpmoci

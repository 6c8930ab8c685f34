// Who meets whose requirements, by headers.
#pragma once

#include <cstdint>
#include <vector>

#include "rpm/installed.h"
#include "solv/libsolv.h"

namespace rpmoci {

/// As `installed_needs`, under RpmLibrary's lock.
std::vector<std::vector<std::uint32_t>> needs_among(const std::vector<OwnedHeader>& headers);

/// Adds what the database has, but for imported keys, in an order that does not depend on that in the database. Throws
/// as `for_each_installed`.
void add_installed_packages(::Repo* repo, const RootDatabase& database);

}  // namespace rpmoci

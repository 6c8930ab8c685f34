// Who meets whose requirements, by headers.
#pragma once

#include <cstdint>
#include <vector>

#include "rpm/handles.h"

namespace rpmoci {

/// As `installed_needs`, under RpmLibrary's lock.
std::vector<std::vector<std::uint32_t>> needs_among(const std::vector<OwnedHeader>& headers);

}  // namespace rpmoci

// Which installed packages meet the requirements of which others.
#pragma once

#include <cstdint>
#include <vector>

#include "rpm/handles.h"

namespace rpmoci {

/// For each header, the indices of the others that meet its requirements; sorted, without repeats. A requirement that a
/// package meets by itself leads to no other. Of a rich one, what counts is which of its parts are met: for `(a or b)`
/// all that provide either, for `(a if b)` those of a when there is a b.
std::vector<std::vector<uint32_t>> dependencies_among(const std::vector<Header>& headers);

}  // namespace rpmoci

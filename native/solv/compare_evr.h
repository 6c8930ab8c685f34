// The order of versions.
#pragma once

#include <string>

namespace rpmoci {

/// Orders two `[epoch:]version[-release]` as rpm does: -1, 0 or 1. A missing epoch is 0, a missing release sorts first.
/// Safe to call from any thread.
int compare_evr(const std::string& a, const std::string& b);

}  // namespace rpmoci

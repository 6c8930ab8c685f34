// Which installed packages meet whose requirements.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rpmoci {

struct InstalledRelations {
  /// Dependencies in text.
  std::vector<std::string> requires_;
  std::vector<std::string> provides;
  std::vector<std::string> paths;
};

/// For each package the indices of all that meet a requirement of it which it does not meet itself; sorted.
/// Requirements may have versions, be rich, or paths.
std::vector<std::vector<std::uint32_t>> installed_needs(const std::vector<InstalledRelations>& packages);

}  // namespace rpmoci

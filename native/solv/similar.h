// Names that a user may have meant.
#pragma once

#include <string>
#include <vector>

namespace rpmoci {

/// At most three of `names` that resemble `spec`, the closest first, then alphabetically. Of a specification counts
/// what looks like its name: neither directories nor a version after a relation, nor pattern characters.
std::vector<std::string> similar_names(const std::string& spec, const std::vector<std::string>& names);

}  // namespace rpmoci

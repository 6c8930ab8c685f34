// Names that a user may have meant.
#pragma once

#include <string>
#include <vector>

namespace rpmoci {

class PackagePool;

/// The names of packages that a user may ask for by name alone, sorted.
std::vector<std::string> visible_names(const PackagePool& pool);

/// At most three of `names` that resemble `spec` in whatever case, the closest first, then alphabetically; after those
/// that may be misspelt come those that begin with it. Of a specification counts what looks like its name:
/// neither directories nor a version, nor pattern characters.
std::vector<std::string> similar_names(const std::string& spec, const std::vector<std::string>& names);

}  // namespace rpmoci

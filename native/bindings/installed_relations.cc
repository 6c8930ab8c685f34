#include "bindings/installed_relations.h"

#include "rpm/package_header.h"
#include "solv/installed_needs.h"

namespace rpmoci {

std::vector<std::vector<std::uint32_t>> needs_among(const std::vector<OwnedHeader>& headers) {
  std::vector<InstalledRelations> relations;
  relations.reserve(headers.size());
  for (const auto& header : headers) {
    relations.push_back({.requires_ = sorted_strings(header.get(), RPMTAG_REQUIRENEVRS),
                         .provides = sorted_strings(header.get(), RPMTAG_PROVIDENEVRS),
                         .paths = sorted_strings(header.get(), RPMTAG_FILENAMES)});
  }
  return installed_needs(relations);
}

}  // namespace rpmoci

#include "bindings/installed_relations.h"

#include <memory>
#include <string>

#include "failure.h"
#include "rpm/library.h"
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

void add_installed_packages(::Repo* repo, const RootDatabase& database) {
  const auto guard = RpmLibrary::get().lock();
  struct StateDeleter {
    void operator()(void* state) const { rpm_state_free(state); }
  };
  const std::unique_ptr<void, StateDeleter> state(rpm_state_create(repo->pool, nullptr));
  for (const auto& header : sorted_headers(database)) {
    if (string_tag(header.get(), RPMTAG_NAME) == "gpg-pubkey") continue;
    void* handle = rpm_byrpmh(state.get(), header.get());
    if (handle == nullptr || repo_add_rpm_handle(repo, handle, REPO_REUSE_REPODATA | REPO_NO_INTERNALIZE) == 0) {
      throw Failure("RPMDB_UNREADABLE",
                    "libsolv cannot read an installed package: " + std::string(pool_errstr(repo->pool)));
    }
  }
  repo_internalize(repo);
}

}  // namespace rpmoci

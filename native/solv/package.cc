#include "solv/package.h"

#include <cstring>

namespace rpmoci {

namespace {

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

std::optional<PackageChecksum> read_checksum(::Solvable* solvable) {
  Id type = 0;
  const char* value = solvable_lookup_checksum(solvable, SOLVABLE_CHECKSUM, &type);
  if (value == nullptr || type == 0) return std::nullopt;
  return PackageChecksum{text_or_empty(solv_chksum_type2str(type)), value};
}

}  // namespace

std::string evr_of(::Pool* pool, Id solvable) {
  const char* evr = pool_id2str(pool, pool_id2solvable(pool, solvable)->evr);
  return std::strncmp(evr, "0:", 2) == 0 ? evr + 2 : evr;
}

std::string nevra_of(::Pool* pool, Id id) {
  const auto* solvable = pool_id2solvable(pool, id);
  return std::string(pool_id2str(pool, solvable->name)) + "-" + evr_of(pool, id) + "." +
         pool_id2str(pool, solvable->arch);
}

Package read_package(::Pool* pool, Id id) {
  auto* solvable = pool_id2solvable(pool, id);
  Package package;
  package.name = pool_id2str(pool, solvable->name);
  package.evr = evr_of(pool, id);
  package.arch = pool_id2str(pool, solvable->arch);
  package.repository_id = solvable->repo->name;
  package.location = text_or_empty(solvable_lookup_location(solvable, nullptr));
  if (const char* base = solvable_lookup_str(solvable, SOLVABLE_MEDIABASE)) package.base_url = base;
  package.checksum = read_checksum(solvable);
  package.download_size = solvable_lookup_num(solvable, SOLVABLE_DOWNLOADSIZE, 0);
  package.installed_size = solvable_lookup_num(solvable, SOLVABLE_INSTALLSIZE, 0);
  package.source_rpm = text_or_empty(solvable_lookup_sourcepkg(solvable));
  package.build_time = solvable_lookup_num(solvable, SOLVABLE_BUILDTIME, 0);
  return package;
}

int compare_nevra(::Pool* pool, Id a, Id b) {
  const auto* left = pool_id2solvable(pool, a);
  const auto* right = pool_id2solvable(pool, b);
  if (left->name != right->name) return std::strcmp(pool_id2str(pool, left->name), pool_id2str(pool, right->name));
  if (left->evr != right->evr) {
    const int order = pool_evrcmp(pool, left->evr, right->evr, EVRCMP_COMPARE);
    if (order != 0) return order;
  }
  if (left->arch != right->arch) return std::strcmp(pool_id2str(pool, left->arch), pool_id2str(pool, right->arch));
  return std::strcmp(pool_id2str(pool, left->evr), pool_id2str(pool, right->evr));
}

}  // namespace rpmoci

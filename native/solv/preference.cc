#include "solv/preference.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "solv/package_pool.h"

namespace rpmoci {

namespace {

/// Lets only those stay that `accept` likes best: all when it likes none.
template <class Accept>
void prefer(std::vector<Id>& ids, Accept accept) {
  if (std::ranges::any_of(ids, accept)) std::erase_if(ids, [&](Id id) { return !accept(id); });
}

bool has_checksum(::Pool* pool, Id id, const PackageChecksum& checksum) {
  const auto known = read_package(pool, id).checksum;
  return known && known->algorithm == checksum.algorithm && known->value == checksum.value;
}

/// Whether one may take the other's place: architectures of a multilib system stand beside each other.
bool are_rivals(::Pool* pool, Id a, Id b) {
  const Id left = pool_id2solvable(pool, a)->arch;
  const Id right = pool_id2solvable(pool, b)->arch;
  return a != b && (left == right || left == ARCH_NOARCH || right == ARCH_NOARCH);
}

/// Negative when `a` is the worse one, positive when it is the better one.
int compare_quality(::Pool* pool, Id a, Id b) {
  const auto* left = pool_id2solvable(pool, a);
  const auto* right = pool_id2solvable(pool, b);
  if (left->repo->priority != right->repo->priority) return left->repo->priority < right->repo->priority ? -1 : 1;
  return pool_evrcmp(pool, left->evr, right->evr, EVRCMP_COMPARE);
}

/// Of the visible packages of these names, without those that are installed already, those that `accept`, called with
/// the package and all of its name, takes: the worst of each name first.
template <class Accept>
std::vector<Id> select(const PackagePool& pool, const std::set<std::string>& names, Accept accept) {
  std::vector<Id> selected;
  for (const auto& name : names) {
    const auto first = static_cast<std::ptrdiff_t>(selected.size());
    const auto ids = packages_named(pool, name);
    for (const Id id : ids) {
      if (!pool.is_installed(id) && accept(id, ids)) selected.push_back(id);
    }
    std::stable_sort(selected.begin() + first, selected.end(),
                     [&](Id a, Id b) { return compare_quality(pool.get(), a, b) < 0; });
  }
  return selected;
}

}  // namespace

std::vector<Id> packages_named(const PackagePool& pool, const std::string& name) {
  std::vector<Id> found;
  auto* solv = pool.get();
  const Id wanted = pool_str2id(solv, name.c_str(), 0);
  if (wanted == 0) return found;
  // Every package provides its name.
  for (Id offset = pool_whatprovides(solv, wanted); solv->whatprovidesdata[offset] != 0; ++offset) {
    const Id id = solv->whatprovidesdata[offset];
    const bool named = pool_id2solvable(solv, id)->name == wanted;
    if (named && pool.is_visible(id) && std::ranges::binary_search(pool.packages(), id)) found.push_back(id);
  }
  std::ranges::sort(found);
  return found;
}

std::vector<Id> kept_packages(const PackagePool& pool, const std::vector<EarlierPackage>& earlier) {
  std::vector<Id> kept;
  for (const auto& package : earlier) {
    auto same = packages_named(pool, package.name);
    std::erase_if(same, [&](Id id) {
      const std::string_view arch = pool_id2str(pool.get(), pool_id2solvable(pool.get(), id)->arch);
      return evr_of(pool.get(), id) != package.evr || (!package.arch.empty() && arch != package.arch);
    });
    prefer(same, [&](Id id) { return has_checksum(pool.get(), id, package.checksum); });
    prefer(same, [&](Id id) { return pool_id2solvable(pool.get(), id)->repo->name == package.repository_id; });
    kept.insert(kept.end(), same.begin(), same.end());
  }
  std::ranges::sort(kept);
  kept.erase(std::ranges::unique(kept).begin(), kept.end());
  return kept;
}

std::vector<Id> installed_packages(const PackagePool& pool, const std::vector<EarlierPackage>& earlier) {
  std::set<std::string_view> names;
  for (const auto& package : earlier) names.insert(package.name);
  std::vector<Id> installed;
  std::ranges::copy_if(pool.packages(), std::back_inserter(installed), [&](Id id) {
    return pool.is_installed(id) && !names.contains(pool_id2str(pool.get(), pool_id2solvable(pool.get(), id)->name));
  });
  return installed;
}

std::vector<Id> surpassed_packages(const PackagePool& pool, const std::vector<std::string>& names) {
  return select(pool, {names.begin(), names.end()}, [&](Id id, const std::vector<Id>& same_name) {
    return std::ranges::any_of(same_name, [&](Id other) {
      return !pool.is_installed(other) && are_rivals(pool.get(), id, other) &&
             compare_quality(pool.get(), other, id) > 0;
    });
  });
}

std::vector<Id> rivals_of(const PackagePool& pool, const std::vector<Id>& kept) {
  std::set<std::string> names;
  for (const Id id : kept) names.emplace(pool_id2str(pool.get(), pool_id2solvable(pool.get(), id)->name));
  const auto is_kept = [&](Id id) { return std::ranges::binary_search(kept, id); };
  return select(pool, names, [&](Id id, const std::vector<Id>& same_name) {
    return !is_kept(id) && std::ranges::any_of(same_name, [&](Id other) {
      return is_kept(other) && are_rivals(pool.get(), id, other);
    });
  });
}

}  // namespace rpmoci

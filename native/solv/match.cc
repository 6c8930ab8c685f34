#include "solv/match.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>

#include "solv/dependency.h"
#include "solv/nevra_pattern.h"
#include "solv/package.h"
#include "solv/package_pool.h"

namespace rpmoci {

namespace {

bool matches_version(::Pool* pool, const std::string& pattern, const std::string& text) {
  if (is_glob(pattern)) return matches_text(pattern, text.c_str());
  return pattern == text || pool_evrcmp_str(pool, (text + "-0").c_str(), (pattern + "-0").c_str(), EVRCMP_COMPARE) == 0;
}

bool matches_evr(::Pool* pool, const NevraPattern& pattern, const char* evr) {
  std::string_view rest = evr;
  unsigned long epoch = 0;
  if (const auto colon = rest.find(':'); colon != std::string_view::npos) {
    epoch = std::strtoul(evr, nullptr, 10);
    rest.remove_prefix(colon + 1);
  }
  if (pattern.epoch && *pattern.epoch != epoch) return false;
  const auto dash = rest.rfind('-');
  const std::string version(rest.substr(0, dash));
  const std::string release(dash == std::string_view::npos ? std::string_view() : rest.substr(dash + 1));
  return (pattern.version.empty() || matches_version(pool, pattern.version, version)) &&
         (pattern.release.empty() || matches_version(pool, pattern.release, release));
}

bool matches_pattern(::Pool* pool, const NevraPattern& pattern, Id id) {
  const auto* solvable = pool_id2solvable(pool, id);
  return matches_text(pattern.name, pool_id2str(pool, solvable->name)) &&
         (pattern.arch.empty() || matches_text(pattern.arch, pool_id2str(pool, solvable->arch))) &&
         (pattern.has_just_name() || matches_evr(pool, pattern, pool_id2str(pool, solvable->evr)));
}

template <class Accept>
std::vector<Id> select(const std::vector<Id>& candidates, Accept accept) {
  std::vector<Id> selected;
  std::ranges::copy_if(candidates, std::back_inserter(selected), accept);
  return selected;
}

/// The whole text as one pattern for `name-evr.arch`; the epoch counts when the pattern has a colon.
std::vector<Id> match_whole_nevra(::Pool* pool, const std::string& spec, const std::vector<Id>& candidates) {
  if (spec.find_first_of("(/=<> ") != std::string::npos) return {};
  const bool with_epoch = spec.find(':') != std::string::npos;
  return select(candidates, [&](Id id) {
    const auto* solvable = pool_id2solvable(pool, id);
    std::string evr = evr_of(pool, id);
    const auto colon = evr.find(':');
    if (with_epoch && colon == std::string::npos) evr.insert(0, "0:");
    if (!with_epoch && colon != std::string::npos) evr.erase(0, colon + 1);
    const auto nevra =
        std::string(pool_id2str(pool, solvable->name)) + "-" + evr + "." + pool_id2str(pool, solvable->arch);
    return matches_text(spec, nevra.c_str());
  });
}

/// The capabilities that a text means: several when its name is a pattern.
std::vector<Id> capabilities(::Pool* pool, const std::string& spec) {
  const auto parts = split_dependency(spec);
  if (!is_glob(spec) || (!spec.empty() && spec.front() == '(')) {
    const Id dependency = parse_dependency(pool, spec);
    return dependency == 0 ? std::vector<Id>() : std::vector<Id>{dependency};
  }
  if (!parts) return {};
  std::vector<Id> names;
  const int known = pool->ss.nstrings;
  for (Id name = 1; name < known; ++name) {
    if (pool->whatprovides[name] > 1 && matches_text(parts->name, pool_id2str(pool, name))) names.push_back(name);
  }
  for (Id& name : names) name = dependency_on(pool, name, *parts);
  return names;
}

std::vector<Id> providers(::Pool* pool, const std::string& spec) {
  std::vector<Id> found;
  for (const Id dependency : capabilities(pool, spec)) {
    Id provider = 0;
    Id offset = 0;
    FOR_PROVIDES(provider, offset, dependency) {
      if (provider != SYSTEMSOLVABLE) found.push_back(provider);
    }
  }
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

bool is_file_pattern(const std::string& spec) { return spec.starts_with("/") || spec.starts_with("*/"); }

bool usable(const std::string& spec) {
  return !spec.empty() && spec.size() <= kLongestText && spec.find('\0') == std::string::npos;
}

template <class Native>
Match match_forms(const PackagePool& pool, const std::string& spec, const std::vector<Id>& candidates, Native native) {
  for (const auto form : kNevraForms) {
    const auto pattern = parse_nevra(spec, form);
    if (!pattern) continue;
    auto found = select(candidates, [&](Id id) {
      return matches_pattern(pool.get(), *pattern, id) && (!pattern->arch.empty() || native(id));
    });
    if (!found.empty()) return {std::move(found), pattern->has_just_name(), is_glob(pattern->arch)};
  }
  auto found = match_whole_nevra(pool.get(), spec, candidates);
  // An architecture may be a part of the pattern.
  auto preferred = select(found, native);
  return {preferred.empty() ? std::move(found) : std::move(preferred)};
}

}  // namespace

Match match_nevra(const PackagePool& pool, const std::string& spec, const std::vector<Id>& candidates) {
  if (!usable(spec)) return {};
  return match_forms(pool, spec, candidates, [](Id) { return true; });
}

Match match_spec(const PackagePool& pool, const std::string& spec, MatchScope scope) {
  if (!usable(spec)) return {};
  const auto visible = [&](Id id) { return scope.hidden || pool.is_visible(id); };
  const auto native = [&](Id id) { return scope.foreign || pool.is_native(id); };
  auto match = match_forms(pool, spec, select(pool.packages(), visible), native);
  const auto installable = [&](Id id) {
    return std::ranges::binary_search(pool.packages(), id) && visible(id) && native(id);
  };
  if (match.packages.empty()) match = {select(providers(pool.get(), spec), installable)};
  if (match.packages.empty() && is_file_pattern(spec)) match = {select(pool.owners_of(spec), installable)};
  return match;
}

std::vector<std::vector<Id>> install_choices(const PackagePool& pool, const std::string& spec, const Match& match) {
  const bool by_name = match.arch_glob || (is_glob(spec) && !is_file_pattern(spec));
  std::map<std::pair<std::string, std::string>, std::vector<Id>> groups;
  for (const Id id : match.packages) {
    const auto* solvable = pool_id2solvable(pool.get(), id);
    const char* name = by_name ? pool_id2str(pool.get(), solvable->name) : "";
    const char* arch = match.arch_glob ? pool_id2str(pool.get(), solvable->arch) : "";
    groups[{name, arch}].push_back(id);
  }
  std::vector<std::vector<Id>> choices;
  for (auto& [key, packages] : groups) {
    auto choice = packages;
    if (match.just_name || match.arch_glob) {
      for (const Id id : packages) {
        for (const Id obsoleter : pool.obsoleters(id)) {
          if (pool.is_visible(obsoleter) && (match.arch_glob || pool.is_native(obsoleter))) choice.push_back(obsoleter);
        }
      }
      std::ranges::sort(choice);
      choice.erase(std::ranges::unique(choice).begin(), choice.end());
    }
    choices.push_back(std::move(choice));
  }
  return choices;
}

}  // namespace rpmoci

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

/// What a pattern has before the first character that is not itself.
std::string_view literal_start(const std::string& pattern) {
  return std::string_view(pattern).substr(0, pattern.find_first_of("*?[\\"));
}

/// The packages whose name is `name`, or matches it when it is a pattern, and that `accept` takes. Names are compared
/// once, however many packages have them.
template <class Accept>
std::vector<Id> select_named(const PackagePool& pool, const std::string& name, Accept accept) {
  std::vector<Id> selected;
  const auto take = [&](Id id) {
    std::ranges::copy_if(pool.names().packages_of(id), std::back_inserter(selected), accept);
  };
  if (!is_glob(name)) {
    take(pool_str2id(pool.get(), name.c_str(), 0));
    return selected;
  }
  const auto start = literal_start(name);
  for (const Id id : pool.names().names()) {
    const char* text = pool_id2str(pool.get(), id);
    if (std::strncmp(text, start.data(), start.size()) == 0 && matches_text(name, text)) take(id);
  }
  std::ranges::sort(selected);
  return selected;
}

template <class Accept>
std::vector<Id> match_pattern(const PackagePool& pool, const NevraPattern& pattern, Accept accept) {
  return select_named(pool, pattern.name, [&](Id id) {
    const auto* solvable = pool_id2solvable(pool.get(), id);
    return accept(id) &&
           (pattern.arch.empty() || matches_text(pattern.arch, pool_id2str(pool.get(), solvable->arch))) &&
           (pattern.has_just_name() || matches_evr(pool.get(), pattern, pool_id2str(pool.get(), solvable->evr)));
  });
}

template <class Accept>
std::vector<Id> select(const std::vector<Id>& candidates, Accept accept) {
  std::vector<Id> selected;
  std::ranges::copy_if(candidates, std::back_inserter(selected), accept);
  return selected;
}

bool agree_as_far_as_both_go(std::string_view a, std::string_view b) {
  const auto length = std::min(a.size(), b.size());
  return a.substr(0, length) == b.substr(0, length);
}

/// The whole text as one pattern for `name-evr.arch`; the epoch counts when the pattern has a colon.
template <class Accept>
std::vector<Id> match_whole_nevra(const PackagePool& pool, const std::string& spec, Accept accept) {
  // Without a pattern it would be one of the forms of NevraForm.
  if (!is_glob(spec) || spec.find_first_of("(/=<> ") != std::string::npos) return {};
  const bool with_epoch = spec.find(':') != std::string::npos;
  const auto start = literal_start(spec);
  std::vector<Id> selected;
  for (const Id name : pool.names().names()) {
    const char* text = pool_id2str(pool.get(), name);
    if (!agree_as_far_as_both_go(start, text)) continue;
    for (const Id id : pool.names().packages_of(name)) {
      std::string evr = evr_of(pool.get(), id);
      const auto colon = evr.find(':');
      if (with_epoch && colon == std::string::npos) evr.insert(0, "0:");
      if (!with_epoch && colon != std::string::npos) evr.erase(0, colon + 1);
      const auto nevra =
          std::string(text) + "-" + evr + "." + pool_id2str(pool.get(), pool_id2solvable(pool.get(), id)->arch);
      if (matches_text(spec, nevra.c_str()) && accept(id)) selected.push_back(id);
    }
  }
  std::ranges::sort(selected);
  return selected;
}

/// The capabilities that a text means: several when its name is a pattern.
std::vector<Id> capabilities(const PackagePool& packages, const std::string& spec) {
  auto* pool = packages.get();
  const auto parts = split_dependency(spec);
  if (!is_glob(spec)) {
    const Id dependency = parse_dependency(pool, spec);
    return dependency == 0 ? std::vector<Id>() : std::vector<Id>{dependency};
  }
  if (!parts) return {};
  std::vector<Id> names;
  for (Id name = 1; packages.is_of_metadata(name); ++name) {
    const char* text = pool_id2str(pool, name);
    // Who owns a path is looked up when somebody asks.
    const bool maybe = pool->whatprovides[name] > 1 || (text[0] == '/' && pool->whatprovides[name] == 0);
    if (maybe && matches_text(parts->name, text) && pool_whatprovides(pool, name) > 1) names.push_back(name);
  }
  for (Id& name : names) name = dependency_on(pool, name, *parts);
  return names;
}

std::vector<Id> providers(const PackagePool& packages, const std::string& spec) {
  auto* pool = packages.get();
  std::vector<Id> found;
  for (const Id dependency : capabilities(packages, spec)) {
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

template <class Accept>
Match match_forms(const PackagePool& pool, const std::string& spec, Accept accept) {
  for (const auto form : kNevraForms) {
    const auto pattern = parse_nevra(spec, form);
    if (!pattern) continue;
    auto found = match_pattern(pool, *pattern, accept);
    if (!found.empty()) return {std::move(found), pattern->has_just_name(), is_glob(pattern->arch)};
  }
  return {match_whole_nevra(pool, spec, accept)};
}

/// The owners of a path, which may end with a slash.
std::vector<Id> owners(const PackagePool& pool, std::string path) {
  if (path.size() > 1 && path.back() == '/') path.pop_back();
  return pool.owners_of(path);
}

}  // namespace

std::vector<Id> match_nevra(const PackagePool& pool, const std::string& spec) {
  if (!usable(spec)) return {};
  return match_forms(pool, spec, [](Id) { return true; }).packages;
}

Match match_spec(const PackagePool& pool, const std::string& spec, MatchScope scope) {
  if (!usable(spec)) return {};
  const auto visible = [&](Id id) { return scope.hidden || pool.is_visible(id); };
  auto match = match_forms(pool, spec, visible);
  const auto installable = [&](Id id) { return std::ranges::binary_search(pool.packages(), id) && visible(id); };
  if (match.packages.empty()) match = Match{select(providers(pool, spec), installable)};
  if (match.packages.empty() && is_file_pattern(spec)) match = Match{select(owners(pool, spec), installable)};
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
          if (pool.is_visible(obsoleter)) choice.push_back(obsoleter);
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

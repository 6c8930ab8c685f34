#include "solv/module_streams.h"

#include <algorithm>
#include <set>
#include <utility>

#include "solv/module_spec.h"
#include "solv/nevra_pattern.h"
#include "solv/similar.h"

namespace rpmoci {

namespace {

using Reason = RefusedModule::Reason;

/// What a specification was taken for.
struct Followed {
  std::string text;
  ModuleSpec spec;
  /// Indices of the matching builds of each enabled stream.
  std::map<std::string, std::vector<std::size_t>> builds_by_module;
};

std::vector<std::string> unique_texts(std::set<std::string> texts) { return {texts.begin(), texts.end()}; }

std::map<std::string, ChosenStream> default_streams(const ModuleRequest& request) {
  std::map<std::string, ChosenStream> streams;
  for (const auto& build : request.builds) {
    const auto found = request.defaults.find(build.name);
    if (found != request.defaults.end() && found->second == build.stream) streams[build.name] = {build.stream, true};
  }
  return streams;
}

RefusedModule unknown(const ModuleRequest& request, const std::string& text, const ModuleSpec& spec) {
  std::set<std::string> modules;
  std::set<std::string> streams;
  for (const auto& build : request.builds) {
    modules.insert(build.name);
    if (matches_text(spec.name, build.name.c_str())) streams.insert(build.name + ":" + build.stream);
  }
  if (!streams.empty()) return {text, Reason::kUnknown, unique_texts(std::move(streams))};
  return {text, Reason::kUnknown, similar_names(spec.name, unique_texts(std::move(modules)))};
}

/// Enables what one specification means.
class Enabler {
 public:
  Enabler(const ModuleRequest& request, std::map<std::string, ChosenStream>& streams)
      : request_(request), streams_(streams) {}

  std::optional<RefusedModule> enable(const std::string& text, Followed& followed) {
    const auto spec = parse_module_spec(text);
    if (!spec) return RefusedModule{text, Reason::kInvalid, {}};
    followed = {text, *spec, {}};
    std::map<std::string, std::map<std::string, std::vector<std::size_t>>> matching;
    for (std::size_t index = 0; index < request_.builds.size(); ++index) {
      const auto& build = request_.builds[index];
      if (spec->matches(build)) matching[build.name][build.stream].push_back(index);
    }
    if (matching.empty()) return unknown(request_, text, *spec);
    for (auto& [module, builds_by_stream] : matching) {
      const auto stream = choose(module, builds_by_stream);
      if (!stream) return ambiguous(text, module, builds_by_stream);
      const auto known = streams_.find(module);
      if (known != streams_.end() && !known->second.is_default && known->second.stream != *stream) {
        return RefusedModule{text, Reason::kTaken, {module + ":" + known->second.stream}};
      }
      streams_[module] = {*stream, false};
      followed.builds_by_module[module] = std::move(builds_by_stream[*stream]);
    }
    return std::nullopt;
  }

 private:
  template <class Streams>
  std::optional<std::string> choose(const std::string& module, const Streams& matching) const {
    if (matching.size() == 1) return matching.begin()->first;
    const auto known = streams_.find(module);
    if (known == streams_.end() || !matching.contains(known->second.stream)) return std::nullopt;
    return known->second.stream;
  }

  template <class Streams>
  static RefusedModule ambiguous(const std::string& text, const std::string& module, const Streams& matching) {
    RefusedModule refused{text, Reason::kAmbiguous, {}};
    for (const auto& [stream, builds] : matching) refused.alternatives.push_back(module + ":" + stream);
    return refused;
  }

  const ModuleRequest& request_;
  std::map<std::string, ChosenStream>& streams_;
};

/// Adds the packages of the profile that a specification names, as the latest of its active builds has them.
void add_profile(const ModuleRequest& request, const Followed& followed, ModuleSelection& selection) {
  std::vector<std::string> artifacts;
  std::vector<std::pair<std::string, std::string>> packages;
  for (const auto& [module, builds] : followed.builds_by_module) {
    const ModuleBuild* latest = nullptr;
    for (const auto index : builds) {
      if (!selection.activation.active[index]) continue;
      const auto& build = request.builds[index];
      if (latest == nullptr || compare_module_versions(build.version, latest->version) > 0) latest = &build;
      artifacts.insert(artifacts.end(), build.artifacts.begin(), build.artifacts.end());
    }
    if (latest == nullptr) {
      selection.refused.push_back({followed.text, Reason::kInactive, {}});
      return;
    }
    const auto before = packages.size();
    std::vector<std::string> profiles;
    for (const auto& [name, names] : latest->profiles) {
      profiles.push_back(name);
      if (!matches_text(followed.spec.profile, name.c_str())) continue;
      for (const auto& package : names) packages.emplace_back(name, package);
      if (names.empty()) packages.emplace_back(name, std::string());
    }
    if (packages.size() == before) {
      selection.refused.push_back({followed.text, Reason::kProfile, std::move(profiles)});
      return;
    }
  }
  std::set<std::string> names;
  for (const auto& [profile, name] : packages) {
    if (!name.empty()) names.insert(name);
  }
  for (const auto& name : names) selection.profile_packages.push_back({followed.text, name, artifacts});
}

}  // namespace

ModuleSelection select_modules(const ModuleRequest& request, const std::optional<std::string>& platform) {
  ModuleSelection selection;
  auto streams = default_streams(request);
  Enabler enabler(request, streams);
  std::vector<Followed> followed;
  for (const auto& text : request.specs) {
    Followed one;
    if (auto refused = enabler.enable(text, one)) {
      selection.refused.push_back(std::move(*refused));
    } else {
      followed.push_back(std::move(one));
    }
  }
  selection.activation = activate_modules(request.builds, streams, platform, request.arch);
  for (const auto& one : followed) {
    if (!one.spec.profile.empty()) add_profile(request, one, selection);
  }
  return selection;
}

}  // namespace rpmoci

#include "solv/module_metadata.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace rpmoci {

namespace {

/// Requirements as one text, the platform left out: it is the same for all builds that can be active.
std::string requirements_text(const ModuleBuild& build) {
  std::vector<std::string> parts;
  for (const auto& [module, streams] : build.requirements) {
    if (module == "platform") continue;
    auto sorted = streams;
    std::ranges::sort(sorted);
    std::string text = module;
    for (std::size_t index = 0; index < sorted.size(); ++index) text += (index == 0 ? ":[" : ",") + sorted[index];
    parts.push_back(sorted.empty() ? text : text + "]");
  }
  std::ranges::sort(parts);
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ";") + part;
  return text;
}

}  // namespace

std::string text_of(const ModuleBuild& build) {
  return build.name + ":" + build.stream + ":" + build.version + ":" + build.context + ":" + build.arch;
}

int compare_module_versions(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

void sort_builds(std::vector<ModuleBuild>& builds) {
  std::vector<std::pair<std::string, ModuleBuild>> keyed;
  for (auto& build : builds) {
    auto text = text_of(build);
    keyed.emplace_back(std::move(text), std::move(build));
  }
  std::ranges::stable_sort(keyed, [](const auto& a, const auto& b) {
    const auto key = [](const auto& entry) {
      const auto& [text, build] = entry;
      return std::make_tuple(!build.static_context, std::string_view(build.repository_id), std::string_view(build.name),
                             std::string_view(text));
    };
    return key(a) < key(b);
  });
  for (std::size_t index = 0; index < builds.size(); ++index) builds[index] = std::move(keyed[index].second);
}

std::vector<std::string> solvable_names(const std::vector<ModuleBuild>& builds) {
  const auto stream_of = [](const ModuleBuild& build) { return build.name + ":" + build.stream; };
  std::map<std::pair<std::string, std::string>, std::string> static_contexts;
  for (const auto& build : builds) {
    if (build.static_context) static_contexts.try_emplace({stream_of(build), requirements_text(build)}, build.context);
  }
  std::vector<std::string> names;
  for (const auto& build : builds) {
    std::string context = build.context;
    if (!build.static_context) {
      context = requirements_text(build);
      const auto same = static_contexts.find({stream_of(build), context});
      if (same != static_contexts.end()) context = same->second;
      if (context.empty()) context = "NoRequires";
    }
    names.push_back(stream_of(build) + ":" + context);
  }
  return names;
}

}  // namespace rpmoci

#include "solv/module_spec.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "solv/nevra_pattern.h"

namespace rpmoci {

namespace {

constexpr std::string_view kPattern = "*?[]!";

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char letter) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9') ||
                       std::string_view("+._-").find(letter) != std::string_view::npos;
    return plain || kPattern.find(letter) != std::string_view::npos;
  });
}

bool is_version(std::string_view text) {
  return is_word(text) && std::ranges::all_of(text, [](char letter) {
           return (letter >= '0' && letter <= '9') || letter == '-' || kPattern.find(letter) != std::string_view::npos;
         });
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> fields(1);
  for (const char letter : text) {
    if (letter == ':') {
      fields.emplace_back();
    } else {
      fields.back().push_back(letter);
    }
  }
  return fields;
}

}  // namespace

std::optional<ModuleSpec> parse_module_spec(const std::string& text) {
  ModuleSpec spec;
  const auto slash = text.find('/');
  if (slash != std::string::npos) {
    spec.profile = text.substr(slash + 1);
    if (!spec.profile.empty() && !is_word(spec.profile)) return std::nullopt;
  }
  auto fields = split(text.substr(0, slash));
  // An empty field stands before the architecture.
  if (fields.size() >= 3 && fields[fields.size() - 2].empty()) {
    spec.arch = fields.back();
    fields.resize(fields.size() - 2);
    if (!is_word(spec.arch)) return std::nullopt;
  } else if (fields.size() == 5) {
    spec.arch = fields.back();
    fields.pop_back();
    if (!is_word(spec.arch)) return std::nullopt;
  }
  if (fields.size() > 4 || !std::ranges::all_of(fields, is_word)) return std::nullopt;
  fields.resize(4);
  if (!fields[2].empty() && !is_version(fields[2])) return std::nullopt;
  spec.name = fields[0];
  spec.stream = fields[1];
  spec.version = fields[2];
  spec.context = fields[3];
  return spec;
}

bool ModuleSpec::matches(const ModuleBuild& build) const {
  const auto fits = [](const std::string& pattern, const std::string& value) {
    return pattern.empty() || matches_text(pattern, value.c_str());
  };
  const auto stream_pattern = name + ":" + (stream.empty() ? "*" : stream);
  return matches_text(stream_pattern, (build.name + ":" + build.stream).c_str()) && fits(context, build.context) &&
         fits(arch, build.arch.empty() ? "noarch" : build.arch) && fits(version, build.version);
}

}  // namespace rpmoci

#include "bindings/module_values.h"

#include <cstdint>
#include <string>
#include <utility>

namespace rpmoci {

namespace {

std::string to_text(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }

template <class Item, class Convert>
std::vector<Item> to_vector(const Napi::Value& value, Convert convert) {
  const auto array = value.As<Napi::Array>();
  std::vector<Item> items;
  items.reserve(array.Length());
  for (uint32_t index = 0; index < array.Length(); ++index) {
    const Napi::HandleScope scope(value.Env());
    items.push_back(convert(array.Get(index)));
  }
  return items;
}

std::vector<std::string> to_texts(const Napi::Value& value) { return to_vector<std::string>(value, to_text); }

ModuleRequirement to_requirement(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_text(object.Get("module")), to_texts(object.Get("streams"))};
}

ModuleProfile to_profile(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_text(object.Get("name")), to_texts(object.Get("packages"))};
}

ModuleBuild to_build(const Napi::Value& value, const std::string& repository_id) {
  const auto object = value.As<Napi::Object>();
  return {.repository_id = repository_id,
          .name = to_text(object.Get("name")),
          .stream = to_text(object.Get("stream")),
          .version = to_text(object.Get("version")),
          .context = to_text(object.Get("context")),
          .arch = to_text(object.Get("arch")),
          .static_context = object.Get("staticContext").As<Napi::Boolean>().Value(),
          .requirements = to_vector<ModuleRequirement>(object.Get("requires"), to_requirement),
          .artifacts = to_texts(object.Get("artifacts")),
          .demodularized = to_texts(object.Get("demodularized")),
          .profiles = to_vector<ModuleProfile>(object.Get("profiles"), to_profile)};
}

ProfilePackage to_profile_package(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_text(object.Get("spec")), to_text(object.Get("name")), to_texts(object.Get("artifacts"))};
}

template <class Item, class Convert>
Napi::Array from_vector(Napi::Env env, const std::vector<Item>& items, Convert convert) {
  auto array = Napi::Array::New(env, items.size());
  for (std::size_t index = 0; index < items.size(); ++index) {
    const Napi::HandleScope scope(env);
    array.Set(static_cast<uint32_t>(index), convert(items[index]));
  }
  return array;
}

Napi::Array from_texts(Napi::Env env, const std::vector<std::string>& texts) {
  return from_vector(env, texts, [env](const std::string& text) { return Napi::String::New(env, text); });
}

const char* name_of(ModuleStatus status) {
  switch (status) {
    case ModuleStatus::kDefaults:
      return "defaults";
    case ModuleStatus::kLatest:
      return "latest";
    case ModuleStatus::kConflict:
      return "conflict";
    case ModuleStatus::kBroken:
      return "broken";
    default:
      return "good";
  }
}

const char* name_of(RefusedModule::Reason reason) {
  switch (reason) {
    case RefusedModule::Reason::kInvalid:
      return "invalid";
    case RefusedModule::Reason::kAmbiguous:
      return "ambiguous";
    case RefusedModule::Reason::kTaken:
      return "taken";
    case RefusedModule::Reason::kProfile:
      return "profile";
    case RefusedModule::Reason::kInactive:
      return "inactive";
    default:
      return "unknown";
  }
}

Napi::Object from_refused(Napi::Env env, const RefusedModule& refused) {
  auto object = Napi::Object::New(env);
  object.Set("spec", refused.spec);
  object.Set("reason", name_of(refused.reason));
  object.Set("alternatives", from_texts(env, refused.alternatives));
  return object;
}

Napi::Object from_profile_package(Napi::Env env, const ProfilePackage& package) {
  auto object = Napi::Object::New(env);
  object.Set("spec", package.spec);
  object.Set("name", package.name);
  object.Set("artifacts", from_texts(env, package.artifacts));
  return object;
}

Napi::Object from_problem(Napi::Env env, const ModuleProblem& problem) {
  auto object = Napi::Object::New(env);
  object.Set("messages", from_texts(env, problem.messages));
  return object;
}

}  // namespace

ModuleRequest to_module_request(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  ModuleRequest request;
  const auto repositories = object.Get("repositories").As<Napi::Array>();
  for (uint32_t index = 0; index < repositories.Length(); ++index) {
    const auto repository = repositories.Get(index).As<Napi::Object>();
    const auto id = to_text(repository.Get("repositoryId"));
    auto builds =
        to_vector<ModuleBuild>(repository.Get("builds"), [&](const Napi::Value& build) { return to_build(build, id); });
    std::move(builds.begin(), builds.end(), std::back_inserter(request.builds));
  }
  const auto defaults = object.Get("defaults").As<Napi::Array>();
  for (uint32_t index = 0; index < defaults.Length(); ++index) {
    const auto entry = defaults.Get(index).As<Napi::Object>();
    request.defaults[to_text(entry.Get("module"))] = to_text(entry.Get("stream"));
  }
  request.arch = to_text(object.Get("arch"));
  request.specs = to_texts(object.Get("specs"));
  if (const auto platform = object.Get("platformId"); platform.IsString()) request.platform_id = to_text(platform);
  return request;
}

std::vector<ProfilePackage> to_profile_packages(const Napi::Value& value) {
  if (!value.IsArray()) return {};
  return to_vector<ProfilePackage>(value, to_profile_package);
}

Napi::Value from_module_report(Napi::Env env, const ModuleReport& report) {
  auto object = Napi::Object::New(env);
  object.Set("platformId", report.platform ? Napi::String::New(env, *report.platform) : env.Null());
  object.Set("status", name_of(report.status));
  object.Set("problems",
             from_vector(env, report.problems, [env](const auto& problem) { return from_problem(env, problem); }));
  object.Set("refused",
             from_vector(env, report.refused, [env](const auto& refused) { return from_refused(env, refused); }));
  object.Set("profilePackages", from_vector(env, report.profile_packages,
                                            [env](const auto& item) { return from_profile_package(env, item); }));
  object.Set("active", from_texts(env, report.active));
  return object;
}

}  // namespace rpmoci

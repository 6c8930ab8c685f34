#include "bindings/module_values.h"

#include <cstdint>
#include <string>
#include <utility>

#include "bindings/values.h"

namespace rpmoci {

namespace {

ModuleRequirement to_requirement(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_text(object.Get("module")), strings_of(object.Get("streams"))};
}

ModuleProfile to_profile(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_text(object.Get("name")), strings_of(object.Get("packages"))};
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
          .requirements = to_vector(object.Get("requires"), to_requirement),
          .artifacts = strings_of(object.Get("artifacts")),
          .demodularized = strings_of(object.Get("demodularized")),
          .profiles = to_vector(object.Get("profiles"), to_profile)};
}

ProfilePackage to_profile_package(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_text(object.Get("spec")), to_text(object.Get("name")), strings_of(object.Get("artifacts"))};
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
  object.Set("alternatives", to_array(env, refused.alternatives));
  return object;
}

Napi::Object from_profile_package(Napi::Env env, const ProfilePackage& package) {
  auto object = Napi::Object::New(env);
  object.Set("spec", package.spec);
  object.Set("name", package.name);
  object.Set("artifacts", to_array(env, package.artifacts));
  return object;
}

Napi::Object from_problem(Napi::Env env, const ModuleProblem& problem) {
  auto object = Napi::Object::New(env);
  object.Set("messages", to_array(env, problem.messages));
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
    auto builds = to_vector(repository.Get("builds"), [&](const Napi::Value& build) { return to_build(build, id); });
    std::move(builds.begin(), builds.end(), std::back_inserter(request.builds));
  }
  const auto defaults = object.Get("defaults").As<Napi::Array>();
  for (uint32_t index = 0; index < defaults.Length(); ++index) {
    const auto entry = defaults.Get(index).As<Napi::Object>();
    request.defaults[to_text(entry.Get("module"))] = to_text(entry.Get("stream"));
  }
  request.arch = to_text(object.Get("arch"));
  request.specs = strings_of(object.Get("specs"));
  if (const auto platform = object.Get("platformId"); platform.IsString()) request.platform_id = to_text(platform);
  return request;
}

std::vector<ProfilePackage> to_profile_packages(const Napi::Value& value) {
  return to_vector(value, to_profile_package);
}

Napi::Value from_module_report(Napi::Env env, const ModuleReport& report) {
  auto object = Napi::Object::New(env);
  object.Set("platformId", report.platform ? Napi::String::New(env, *report.platform) : env.Null());
  object.Set("status", name_of(report.status));
  object.Set("problems", to_array(env, report.problems, from_problem));
  object.Set("refused", to_array(env, report.refused, from_refused));
  object.Set("profilePackages", to_array(env, report.profile_packages, from_profile_package));
  object.Set("active", to_array(env, report.active));
  return object;
}

}  // namespace rpmoci

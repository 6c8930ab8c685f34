#include "bindings/explain_values.h"

#include <cstdint>
#include <optional>
#include <string>

#include "bindings/values.h"

namespace rpmoci {

Napi::Value from_reference(Napi::Env env, const PackageReference& package) {
  auto object = Napi::Object::New(env);
  object.Set("name", package.name);
  object.Set("evr", package.evr);
  object.Set("arch", package.arch);
  object.Set("repositoryId", package.repository_id);
  return object;
}

namespace {

template <class Value, class Convert>
Napi::Value or_null(Napi::Env env, const std::optional<Value>& value, Convert convert) {
  return value ? Napi::Value(convert(env, *value)) : env.Null();
}

const char* name_of(Request::Kind kind) {
  switch (kind) {
    case Request::Kind::kRequirement:
      return "requirement";
    case Request::Kind::kLocalPackage:
      return "local-package";
    default:
      return "spec";
  }
}

const char* name_of(HiddenProvider::Reason reason) {
  switch (reason) {
    case HiddenProvider::Reason::kExcluded:
      return "excluded";
    case HiddenProvider::Reason::kNotIncluded:
      return "not-included";
    case HiddenProvider::Reason::kModule:
      return "module";
    case HiddenProvider::Reason::kArchitecture:
      return "architecture";
    default:
      return "version";
  }
}

const char* name_of(LockedDependency::Kind kind) {
  switch (kind) {
    case LockedDependency::Kind::kRecommends:
      return "recommends";
    case LockedDependency::Kind::kSupplements:
      return "supplements";
    default:
      return "requires";
  }
}

const char* name_of(ProblemRule::Kind kind) {
  switch (kind) {
    case ProblemRule::Kind::kNotADependency:
      return "not-a-dependency";
    case ProblemRule::Kind::kNothingProvides:
      return "nothing-provides";
    case ProblemRule::Kind::kNotInstallable:
      return "not-installable";
    case ProblemRule::Kind::kInferiorArchitecture:
      return "inferior-architecture";
    case ProblemRule::Kind::kConflicts:
      return "conflicts";
    case ProblemRule::Kind::kObsoletes:
      return "obsoletes";
    case ProblemRule::Kind::kBothObsolete:
      return "both-obsolete";
    case ProblemRule::Kind::kSameName:
      return "same-name";
    case ProblemRule::Kind::kRequires:
      return "requires";
    case ProblemRule::Kind::kBest:
      return "best";
    case ProblemRule::Kind::kRequest:
      return "request";
    default:
      return "other";
  }
}

Napi::Object from_request(Napi::Env env, Request::Kind kind, const std::string& text) {
  auto object = Napi::Object::New(env);
  object.Set("kind", name_of(kind));
  object.Set("text", text);
  return object;
}

Napi::Value from_chain(Napi::Env env, const RequirementChain& chain) {
  auto object = Napi::Object::New(env);
  object.Set("request", from_request(env, chain.kind, chain.request));
  object.Set("links", to_array(env, chain.links, [](Napi::Env e, const ChainLink& link) -> Napi::Value {
               auto step = Napi::Object::New(e);
               step.Set("package", from_reference(e, link.package));
               step.Set("dependency", link.dependency.empty() ? e.Null() : Napi::String::New(e, link.dependency));
               return step;
             }));
  return object;
}

Napi::Value from_hidden(Napi::Env env, const HiddenProvider& hidden) {
  auto object = Napi::Object::New(env);
  object.Set("package", from_reference(env, hidden.package));
  object.Set("reason", name_of(hidden.reason));
  object.Set("offers", hidden.offers.empty() ? env.Null() : Napi::String::New(env, hidden.offers));
  return object;
}

Napi::Value from_rule(Napi::Env env, const ProblemRule& rule) {
  auto object = Napi::Object::New(env);
  object.Set("kind", name_of(rule.kind));
  object.Set("package", or_null(env, rule.package, from_reference));
  object.Set("other", or_null(env, rule.other, from_reference));
  object.Set("dependency", rule.dependency.empty() ? env.Null() : Napi::String::New(env, rule.dependency));
  object.Set("request", or_null(env, rule.request_kind,
                                [&](Napi::Env e, Request::Kind kind) { return from_request(e, kind, rule.request); }));
  object.Set("packageChain", or_null(env, rule.package_chain, from_chain));
  object.Set("otherChain", or_null(env, rule.other_chain, from_chain));
  object.Set("hidden", to_array(env, rule.hidden_providers, from_hidden));
  object.Set("similar", to_array(env, rule.similar));
  return object;
}

Napi::Array from_indices(Napi::Env env, const std::vector<std::uint32_t>& indices) {
  auto array = Napi::Array::New(env, indices.size());
  for (uint32_t position = 0; position < indices.size(); ++position) array.Set(position, indices[position]);
  return array;
}

Napi::Value from_dependency(Napi::Env env, const LockedDependency& dependency) {
  auto object = Napi::Object::New(env);
  object.Set("kind", name_of(dependency.kind));
  object.Set("text", dependency.text);
  object.Set("packages", from_indices(env, dependency.packages));
  return object;
}

}  // namespace

Napi::Object from_unmatched(Napi::Env env, const UnmatchedSpec& unmatched) {
  auto object = Napi::Object::New(env);
  object.Set("spec", unmatched.spec);
  object.Set("hidden", to_array(env, unmatched.hidden_matches, from_hidden));
  object.Set("similar", to_array(env, unmatched.similar));
  return object;
}

Napi::Object from_problem(Napi::Env env, const SolveProblem& problem) {
  auto object = Napi::Object::New(env);
  object.Set("rules", to_array(env, problem.rules, from_rule));
  return object;
}

std::vector<LockedEntry> to_locked_entries(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<LockedEntry> entries;
  for (uint32_t index = 0; index < array.Length(); ++index) {
    const auto object = array.Get(index).As<Napi::Object>();
    const auto text = [&](const char* key) { return object.Get(key).As<Napi::String>().Utf8Value(); };
    entries.push_back(
        {text("name"), text("evr"), text("arch"), text("repositoryId"), strings_of(object.Get("requirements"))});
  }
  return entries;
}

Napi::Value from_locked_set(Napi::Env env, const LockedSetFacts& facts) {
  auto object = Napi::Object::New(env);
  object.Set("packages", to_array(env, facts.packages, [](Napi::Env e, const LockedPackageFacts& item) -> Napi::Value {
               auto entry = Napi::Object::New(e);
               entry.Set("package", or_null(e, item.package, from_reference));
               entry.Set("dependencies", to_array(e, item.dependencies, from_dependency));
               return entry;
             }));
  object.Set("matches", to_array(env, facts.matches, [](Napi::Env e, const LockedMatch& item) -> Napi::Value {
               auto entry = Napi::Object::New(e);
               entry.Set("spec", item.spec);
               entry.Set("packages", from_indices(e, item.packages));
               entry.Set("similar", to_array(e, item.similar));
               return entry;
             }));
  return object;
}

}  // namespace rpmoci

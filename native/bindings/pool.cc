// openPool, the Pool that it makes, and compareEvr.
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/exports.h"
#include "bindings/module_values.h"
#include "napi/promise.h"
#include "solv/compare_evr.h"
#include "solv/goal.h"
#include "solv/shared_pool.h"

namespace rpmoci {

namespace {

std::string to_text(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }

std::vector<std::string> to_texts(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> texts;
  for (uint32_t index = 0; index < array.Length(); ++index) texts.push_back(to_text(array.Get(index)));
  return texts;
}

RepositorySource to_repository(const Napi::Object& object) {
  const auto filelists = object.Get("filelists");
  return {.id = to_text(object.Get("id")),
          .priority = object.Get("priority").As<Napi::Number>().Int32Value(),
          .cost = object.Get("cost").As<Napi::Number>().Int32Value(),
          .repomd = to_text(object.Get("repomd")),
          .primary = to_text(object.Get("primary")),
          .filelists = filelists.IsString() ? to_text(filelists) : std::string(),
          .include_packages = to_texts(object.Get("includePackages")),
          .exclude_packages = to_texts(object.Get("excludePackages")),
          .module_hotfixes = object.Get("moduleHotfixes").ToBoolean().Value()};
}

std::vector<RepositorySource> to_repositories(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<RepositorySource> repositories;
  for (uint32_t index = 0; index < array.Length(); ++index) {
    repositories.push_back(to_repository(array.Get(index).As<Napi::Object>()));
  }
  return repositories;
}

Job to_job(const Napi::Object& object) {
  return {.specs = to_texts(object.Get("specs")),
          .requirements = to_texts(object.Get("requirements")),
          .local_packages = to_texts(object.Get("localPackages")),
          .profile_packages = to_profile_packages(object.Get("profilePackages")),
          .install_weak_dependencies = object.Get("installWeakDependencies").As<Napi::Boolean>().Value()};
}

template <class Item, class Convert>
Napi::Array to_array(Napi::Env env, const std::vector<Item>& items, Convert convert) {
  auto array = Napi::Array::New(env, items.size());
  for (std::size_t index = 0; index < items.size(); ++index) {
    const Napi::HandleScope scope(env);
    array.Set(static_cast<uint32_t>(index), convert(items[index]));
  }
  return array;
}

Napi::Array from_texts(Napi::Env env, const std::vector<std::string>& texts) {
  return to_array(env, texts, [env](const std::string& text) { return Napi::String::New(env, text); });
}

Napi::Value from_checksum(Napi::Env env, const std::optional<PackageChecksum>& checksum) {
  if (!checksum) return env.Null();
  auto object = Napi::Object::New(env);
  object.Set("algorithm", checksum->algorithm);
  object.Set("value", checksum->value);
  return object;
}

Napi::Object from_package(Napi::Env env, const Package& package) {
  auto object = Napi::Object::New(env);
  object.Set("name", package.name);
  object.Set("evr", package.evr);
  object.Set("arch", package.arch);
  object.Set("repositoryId", package.repository_id);
  object.Set("location", package.location);
  object.Set("baseUrl", package.base_url ? Napi::String::New(env, *package.base_url) : env.Null());
  object.Set("checksum", from_checksum(env, package.checksum));
  object.Set("downloadSize", static_cast<double>(package.download_size));
  object.Set("installedSize", static_cast<double>(package.installed_size));
  object.Set("sourceRpm", package.source_rpm);
  return object;
}

Napi::Array from_packages(Napi::Env env, const std::vector<Package>& packages) {
  return to_array(env, packages, [env](const Package& package) { return from_package(env, package); });
}

const char* name_of(UnmatchedSpec::Reason reason) {
  switch (reason) {
    case UnmatchedSpec::Reason::kHidden:
      return "hidden";
    case UnmatchedSpec::Reason::kModule:
      return "module";
    case UnmatchedSpec::Reason::kArchitecture:
      return "architecture";
    default:
      return "missing";
  }
}

Napi::Object from_unmatched(Napi::Env env, const UnmatchedSpec& unmatched) {
  auto object = Napi::Object::New(env);
  object.Set("spec", unmatched.spec);
  object.Set("reason", name_of(unmatched.reason));
  object.Set("similar", from_texts(env, unmatched.similar));
  return object;
}

Napi::Object from_problem(Napi::Env env, const SolveProblem& problem) {
  auto object = Napi::Object::New(env);
  object.Set("messages", from_texts(env, problem.messages));
  return object;
}

Napi::Value from_result(Napi::Env env, SolveResult& result) {
  auto object = Napi::Object::New(env);
  if (const auto* installs = std::get_if<Installs>(&result)) {
    object.Set("kind", "solved");
    object.Set("installs", from_packages(env, *installs));
  } else if (const auto* unmatched = std::get_if<std::vector<UnmatchedSpec>>(&result)) {
    object.Set("kind", "unmatched");
    object.Set("specs", to_array(env, *unmatched, [env](const auto& item) { return from_unmatched(env, item); }));
  } else {
    const auto& problems = std::get<std::vector<SolveProblem>>(result);
    object.Set("kind", "unsolvable");
    object.Set("problems", to_array(env, problems, [env](const auto& item) { return from_problem(env, item); }));
  }
  return object;
}

/// The JavaScript object. Its class is not exported: only openPool makes one.
class PoolObject : public Napi::ObjectWrap<PoolObject> {
 public:
  /// What one environment keeps of the class.
  struct Class {
    Napi::FunctionReference constructor;
    /// The pool that the constructor, which takes no arguments, puts into its object.
    std::shared_ptr<SharedPool> next;
  };

  static Class* define(Napi::Env env) {
    auto* definition = new Class;
    const auto constructor = DefineClass(
        env, "Pool",
        {InstanceMethod<&PoolObject::solve>("solve"), InstanceMethod<&PoolObject::query>("query"),
         InstanceMethod<&PoolObject::select_modules>("selectModules"), InstanceMethod<&PoolObject::close>("close")},
        definition);
    definition->constructor = Napi::Persistent(constructor);
    env.AddCleanupHook([definition] { delete definition; });
    return definition;
  }

  static Napi::Object create(Class* definition, std::shared_ptr<SharedPool> pool) {
    definition->next = std::move(pool);
    return definition->constructor.New({});
  }

  explicit PoolObject(const Napi::CallbackInfo& info)
      : ObjectWrap(info), pool_(std::move(static_cast<Class*>(info.Data())->next)) {
    if (!pool_) throw Napi::TypeError::New(info.Env(), "a pool is made by openPool");
  }

 private:
  Napi::Value solve(const Napi::CallbackInfo& info) {
    auto job = to_job(info[0].As<Napi::Object>());
    return run_promise<SolveResult>(
        info.Env(), Environment::of(info.Env()).general,
        [pool = pool_, job = std::move(job)] {
          return pool->run([&](PackagePool& packages) { return solve_job(packages, job); });
        },
        from_result);
  }

  Napi::Value query(const Napi::CallbackInfo& info) {
    return run_promise<std::vector<Package>>(
        info.Env(), Environment::of(info.Env()).general,
        [pool = pool_, spec = to_text(info[0])] {
          return pool->run([&](PackagePool& packages) { return query_spec(packages, spec); });
        },
        [](Napi::Env env, std::vector<Package>& packages) -> Napi::Value { return from_packages(env, packages); });
  }

  Napi::Value select_modules(const Napi::CallbackInfo& info) {
    return run_promise<ModuleReport>(
        info.Env(), Environment::of(info.Env()).general,
        [pool = pool_, request = to_module_request(info[0])] {
          return pool->run([&](PackagePool& packages) { return apply_modules(packages, request); });
        },
        from_module_report);
  }

  void close(const Napi::CallbackInfo&) { pool_->close(); }

  std::shared_ptr<SharedPool> pool_;
};

Napi::Value open_pool(const Napi::CallbackInfo& info) {
  auto* definition = static_cast<PoolObject::Class*>(info.Data());
  const auto options = info[1].As<Napi::Object>();
  auto& environment = Environment::of(info.Env());
  return run_promise<std::shared_ptr<SharedPool>>(
      info.Env(), environment.general,
      [repositories = to_repositories(info[0]), local_packages = to_texts(options.Get("localPackages")),
       arch = to_text(options.Get("arch")), &environment] {
        auto pool = std::make_unique<PackagePool>(repositories, local_packages, arch, environment.closing);
        return std::make_shared<SharedPool>(std::move(pool));
      },
      [definition](Napi::Env, std::shared_ptr<SharedPool>& pool) -> Napi::Value {
        return PoolObject::create(definition, std::move(pool));
      });
}

Napi::Value compare_evr_of(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), compare_evr(to_text(info[0]), to_text(info[1])));
}

}  // namespace

void export_pool(Napi::Env env, Napi::Object exports) {
  exports.Set("openPool", Napi::Function::New<open_pool>(env, "openPool", PoolObject::define(env)));
  exports.Set("compareEvr", Napi::Function::New<compare_evr_of>(env, "compareEvr"));
}

}  // namespace rpmoci

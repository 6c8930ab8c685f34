// openPool, the Pool that it makes, and compareEvr.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "bindings/explain_values.h"
#include "bindings/exports.h"
#include "bindings/installed_relations.h"
#include "bindings/module_values.h"
#include "bindings/values.h"
#include "napi/promise.h"
#include "napi/strand.h"
#include "solv/compare_evr.h"
#include "solv/goal.h"
#include "solv/shared_pool.h"
#include "solv/similar.h"

namespace rpmoci {

namespace {

OpenContents to_contents(const Napi::Value& value) {
  if (!value.IsObject()) return {};
  const auto object = value.As<Napi::Object>();
  const auto size = object.Get("openSize");
  const auto checksum = object.Get("openChecksum");
  OpenContents contents{.name = to_text(object.Get("location"))};
  if (size.IsNumber()) contents.size = static_cast<uint64_t>(size.As<Napi::Number>().Int64Value());
  if (checksum.IsObject()) {
    contents.algorithm = to_text(checksum.As<Napi::Object>().Get("algorithm"));
    contents.checksum = to_text(checksum.As<Napi::Object>().Get("value"));
  }
  return contents;
}

RepositorySource to_repository(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto filelists = object.Get("filelists");
  return {.id = to_text(object.Get("id")),
          .priority = object.Get("priority").As<Napi::Number>().Int32Value(),
          .cost = object.Get("cost").As<Napi::Number>().Int32Value(),
          .repomd = to_text(object.Get("repomd")),
          .primary = to_text(object.Get("primary")),
          .primary_contents = to_contents(object.Get("primaryContents")),
          .filelists = filelists.IsString() ? to_text(filelists) : std::string(),
          .filelists_contents = to_contents(object.Get("filelistsContents")),
          .filelists_on_demand = object.Get("filelistsOnDemand").ToBoolean().Value(),
          .include_packages = strings_of(object.Get("includePackages")),
          .exclude_packages = strings_of(object.Get("excludePackages")),
          .module_hotfixes = object.Get("moduleHotfixes").ToBoolean().Value()};
}

std::function<void(::Repo*)> to_installed(const Napi::Value& value) {
  if (!value.IsObject()) return {};
  const auto object = value.As<Napi::Object>();
  return [database = RootDatabase{to_text(object.Get("root")), to_text(object.Get("dbPath"))}](::Repo* repo) {
    add_installed_packages(repo, database);
  };
}

PoolSource to_source(const Napi::Value& repositories, const Napi::Object& options) {
  const auto cache_directory = options.Get("cacheDirectory");
  return {.repositories = to_vector(repositories, to_repository),
          .local_packages = strings_of(options.Get("localPackages")),
          .add_installed = to_installed(options.Get("installed")),
          .arch = to_text(options.Get("arch")),
          .cache_directory = cache_directory.IsString() ? to_text(cache_directory) : std::string()};
}

GroupPackage to_group_package(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto condition = object.Get("condition");
  return {.spec = to_text(object.Get("spec")),
          .name = to_text(object.Get("name")),
          .condition = condition.IsString() ? to_text(condition) : std::string(),
          .base_architecture_only = object.Get("baseArchitectureOnly").As<Napi::Boolean>().Value()};
}

EarlierPackage to_earlier_package(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto arch = object.Get("arch");
  const auto checksum = object.Get("checksum").As<Napi::Object>();
  return {.name = to_text(object.Get("name")),
          .evr = to_text(object.Get("evr")),
          .arch = arch.IsString() ? to_text(arch) : std::string(),
          .repository_id = to_text(object.Get("repositoryId")),
          .checksum = {to_text(checksum.Get("algorithm")), to_text(checksum.Get("value"))}};
}

Job to_job(const Napi::Object& object) {
  return {.specs = strings_of(object.Get("specs")),
          .requirements = strings_of(object.Get("requirements")),
          .local_packages = strings_of(object.Get("localPackages")),
          .group_packages = to_vector(object.Get("groupPackages"), to_group_package),
          .kept = to_vector(object.Get("kept"), to_earlier_package),
          .renewed = to_vector(object.Get("renewed"), to_text),
          .profile_packages = to_profile_packages(object.Get("profilePackages")),
          .install_weak_dependencies = object.Get("installWeakDependencies").As<Napi::Boolean>().Value()};
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
  object.Set("buildTime", static_cast<double>(package.build_time));
  return object;
}

Napi::Value from_result(Napi::Env env, SolveResult& result) {
  auto object = Napi::Object::New(env);
  if (const auto* solved = std::get_if<Solved>(&result)) {
    object.Set("kind", "solved");
    object.Set("installs", to_array(env, solved->installs, from_package));
    object.Set("removals", to_array(env, solved->removals, from_reference));
    object.Set("missingGroupPackages", to_array(env, solved->missing_group_packages));
  } else if (const auto* unmatched = std::get_if<std::vector<UnmatchedSpec>>(&result)) {
    object.Set("kind", "unmatched");
    object.Set("specs", to_array(env, *unmatched, from_unmatched));
  } else {
    const auto& problems = std::get<std::vector<SolveProblem>>(result);
    object.Set("kind", "unsolvable");
    object.Set("problems", to_array(env, problems, from_problem));
  }
  return object;
}

/// Nothing when filelists that the pool does not have are needed to tell.
template <class Result>
using Answer = std::optional<Result>;

template <class Question>
auto answer(PackagePool& pool, Question question) -> Answer<std::invoke_result_t<Question, PackagePool&>> {
  auto result = ask(pool, question);
  if (pool.needs_filelists()) return std::nullopt;
  return result;
}

Napi::Value needs_filelists(Napi::Env env) {
  auto object = Napi::Object::New(env);
  object.Set("kind", "needs-filelists");
  return object;
}

std::pair<std::string, std::string> to_filelists(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_text(object.Get("id")), to_text(object.Get("path"))};
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
         InstanceMethod<&PoolObject::examine>("examineLockedSet"),
         InstanceMethod<&PoolObject::select_modules>("selectModules"),
         InstanceMethod<&PoolObject::add_filelists>("addFilelists"), InstanceMethod<&PoolObject::close>("close")},
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
      : ObjectWrap(info),
        pool_(std::move(static_cast<Class*>(info.Data())->next)),
        strand_(std::make_shared<Strand>(Environment::of(info.Env()).general)) {
    if (!pool_) throw Napi::TypeError::New(info.Env(), "a pool is made by openPool");
  }

 private:
  /// Runs `call` on the pool, after the calls before it; `convert` makes a JavaScript value of what it returns.
  template <class Call, class Convert>
  Napi::Value run(const Napi::CallbackInfo& info, Call call, Convert convert) {
    using Result = std::invoke_result_t<Call, PackagePool&>;
    return run_promise<Result>(
        info.Env(), *strand_, [pool = pool_, call = std::move(call)] { return pool->run(call); }, std::move(convert));
  }

  Napi::Value solve(const Napi::CallbackInfo& info) {
    return run(
        info,
        [job = to_job(info[0].As<Napi::Object>())](PackagePool& pool) {
          return answer(pool, [&](PackagePool& packages) { return solve_job(packages, job); });
        },
        [](Napi::Env env, Answer<SolveResult>& result) {
          return result ? from_result(env, *result) : needs_filelists(env);
        });
  }

  Napi::Value query(const Napi::CallbackInfo& info) {
    return run(
        info,
        [spec = to_text(info[0])](PackagePool& pool) {
          return answer(pool, [&](PackagePool& packages) { return query_spec(packages, spec); });
        },
        [](Napi::Env env, Answer<std::vector<Package>>& packages) -> Napi::Value {
          return packages ? to_array(env, *packages, from_package) : env.Null();
        });
  }

  Napi::Value add_filelists(const Napi::CallbackInfo& info) {
    return run(
        info,
        [files = to_vector(info[0], to_filelists)](PackagePool& pool) {
          for (const auto& [id, path] : files) pool.add_filelists(id, path);
          return true;
        },
        [](Napi::Env env, bool&) { return env.Undefined(); });
  }

  Napi::Value examine(const Napi::CallbackInfo& info) {
    return run(
        info,
        [entries = to_locked_entries(info[0]), specs = strings_of(info[1])](PackagePool& pool) {
          return answer(pool, [&](PackagePool& packages) { return examine_locked_set(packages, entries, specs); });
        },
        [](Napi::Env env, Answer<LockedSetFacts>& facts) { return facts ? from_locked_set(env, *facts) : env.Null(); });
  }

  Napi::Value select_modules(const Napi::CallbackInfo& info) {
    return run(
        info, [request = to_module_request(info[0])](PackagePool& pool) { return apply_modules(pool, request); },
        from_module_report);
  }

  void close(const Napi::CallbackInfo&) { pool_->close(); }

  std::shared_ptr<SharedPool> pool_;
  std::shared_ptr<Strand> strand_;
};

Napi::Value open_pool(const Napi::CallbackInfo& info) {
  auto* definition = static_cast<PoolObject::Class*>(info.Data());
  auto& environment = Environment::of(info.Env());
  return run_promise<std::shared_ptr<SharedPool>>(
      info.Env(), environment.general,
      [source = to_source(info[0], info[1].As<Napi::Object>()), &environment] {
        return std::make_shared<SharedPool>(std::make_unique<PackagePool>(source, environment.closing));
      },
      [definition](Napi::Env, std::shared_ptr<SharedPool>& pool) -> Napi::Value {
        return PoolObject::create(definition, std::move(pool));
      });
}

Napi::Value compare_evr_of(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), compare_evr(to_text(info[0]), to_text(info[1])));
}

Napi::Value similar_names_of(const Napi::CallbackInfo& info) {
  return to_array(info.Env(), similar_names(to_text(info[0]), strings_of(info[1])));
}

}  // namespace

void export_pool(Napi::Env env, Napi::Object exports) {
  exports.Set("openPool", Napi::Function::New<open_pool>(env, "openPool", PoolObject::define(env)));
  exports.Set("compareEvr", Napi::Function::New<compare_evr_of>(env, "compareEvr"));
  exports.Set("similarNames", Napi::Function::New<similar_names_of>(env, "similarNames"));
}

}  // namespace rpmoci

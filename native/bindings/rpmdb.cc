// Installed packages of a root: readRpmdb, readInventory, ownedPaths, convertRpmdb, canonicalizeRpmdb,
// installPackagesSync, erasePackagesSync, scriptletsOfInstallation, scriptletsOfErasure.
#include <algorithm>
#include <utility>

#include "bindings/exports.h"
#include "bindings/installed_relations.h"
#include "bindings/values.h"
#include "napi/promise.h"
#include "napi/synchronous.h"
#include "rpm/canonical_rpmdb.h"
#include "rpm/converted_rpmdb.h"
#include "rpm/erasure.h"
#include "rpm/installation.h"
#include "rpm/installed.h"
#include "rpm/inventory.h"
#include "rpm/library.h"
#include "rpm/scriptlets.h"

namespace rpmoci {

namespace {

RootDatabase database_of(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {object.Get("root").As<Napi::String>().Utf8Value(), object.Get("dbPath").As<Napi::String>().Utf8Value()};
}

Napi::Value package_object(Napi::Env env, const InstalledPackage& package) {
  auto object = Napi::Object::New(env);
  object.Set("name", package.name);
  object.Set("evr", package.evr);
  object.Set("arch", package.arch);
  object.Set("installTime", Napi::Number::New(env, package.install_time));
  object.Set("sourceRpm", package.source_rpm);
  return object;
}

Napi::Value digest_object(Napi::Env env, const std::string& algorithm, const std::string& value) {
  if (algorithm.empty() || value.empty()) return env.Null();
  auto object = Napi::Object::New(env);
  object.Set("algorithm", algorithm);
  object.Set("value", value);
  return object;
}

struct Inventory {
  std::vector<InventoryPackage> packages;
  std::vector<std::vector<uint32_t>> needs;
};

Napi::Value inventory_object(Napi::Env env, const InventoryPackage& package, const std::vector<uint32_t>& needs) {
  auto object = Napi::Object::New(env);
  object.Set("name", package.name);
  object.Set("epoch", package.epoch ? Napi::Value(Napi::Number::New(env, *package.epoch)) : env.Null());
  object.Set("version", package.version);
  object.Set("release", package.release);
  object.Set("arch", package.arch);
  object.Set("license", package.license);
  object.Set("vendor", package.vendor);
  object.Set("url", package.url);
  object.Set("summary", package.summary);
  object.Set("sourceRpm", package.source_rpm);
  object.Set("headerDigest", digest_object(env, "sha256", package.header_digest));
  object.Set("payloadDigest", digest_object(env, package.payload_digest_algorithm, package.payload_digest));
  object.Set("signers", to_array(env, package.signers));
  object.Set("dependencies", to_array(env, needs, [](Napi::Env inner, uint32_t index) {
               return Napi::Value(Napi::Number::New(inner, index));
             }));
  object.Set("files", to_array(env, package.files));
  return object;
}

Napi::Value bytes_of(Napi::Env env, const std::string& path) {
  auto bytes = Napi::Uint8Array::New(env, path.size());
  std::copy(path.begin(), path.end(), bytes.Data());
  return bytes;
}

Napi::Value read_rpmdb_async(const Napi::CallbackInfo& info) {
  using Result = std::vector<InstalledPackage>;
  return run_promise<Result>(
      info.Env(), Environment::of(info.Env()).rpm, [database = database_of(info[0])] { return read_rpmdb(database); },
      [](Napi::Env env, Result& packages) { return to_array(env, packages, package_object); });
}

Napi::Value inventory_array(Napi::Env env, Inventory& inventory) {
  auto array = Napi::Array::New(env, inventory.packages.size());
  for (uint32_t i = 0; i < inventory.packages.size(); ++i) {
    const Napi::HandleScope scope(env);
    array.Set(i, inventory_object(env, inventory.packages[i], inventory.needs[i]));
  }
  return array;
}

Napi::Value read_inventory_async(const Napi::CallbackInfo& info) {
  auto work = [database = database_of(info[0]), with_files = info[1].As<Napi::Boolean>().Value()] {
    const auto guard = RpmLibrary::get().lock();
    const auto headers = sorted_headers(database);
    Inventory inventory{.packages = {}, .needs = needs_among(headers)};
    for (const auto& header : headers) inventory.packages.push_back(inventory_package(header.get(), with_files));
    return inventory;
  };
  return run_promise<Inventory>(info.Env(), Environment::of(info.Env()).rpm, std::move(work), inventory_array);
}

Napi::Value owned_paths_async(const Napi::CallbackInfo& info) {
  using Result = std::vector<std::string>;
  return run_promise<Result>(
      info.Env(), Environment::of(info.Env()).rpm,
      [database = database_of(info[0]), prefixes = strings_of(info[1])] { return owned_paths(database, prefixes); },
      [](Napi::Env env, Result& paths) { return to_array(env, paths, bytes_of); });
}

struct Nothing {};

InstalledPackage to_installed_package(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {.name = to_text(object.Get("name")),
          .evr = to_text(object.Get("evr")),
          .arch = to_text(object.Get("arch")),
          .install_time = object.Get("installTime").As<Napi::Number>().Uint32Value(),
          .source_rpm = {}};
}

Napi::Value convert_rpmdb_async(const Napi::CallbackInfo& info) {
  return run_promise<Nothing>(
      info.Env(), Environment::of(info.Env()).rpm,
      [database = database_of(info[0])] {
        convert_rpmdb(database);
        return Nothing{};
      },
      [](Napi::Env env, Nothing&) { return env.Undefined(); });
}

Napi::Value canonicalize_rpmdb_async(const Napi::CallbackInfo& info) {
  return run_promise<Nothing>(
      info.Env(), Environment::of(info.Env()).rpm,
      [database = database_of(info[0]), time = info[1].As<Napi::Number>().Uint32Value(),
       earlier = to_vector(info[2], to_installed_package)] {
        canonicalize_rpmdb(database, time, earlier);
        return Nothing{};
      },
      [](Napi::Env env, Nothing&) { return env.Undefined(); });
}

/// Null without a function. Its errors become Failures, as what is in between is librpm's.
ScriptletWatch::Perform performer_of(const Napi::Value& value) {
  if (!value.IsFunction()) return nullptr;
  return [function = value.As<Napi::Function>()](const std::string& phase, const std::string& package) {
    const auto env = function.Env();
    const Napi::HandleScope scope(env);
    try {
      function.Call({Napi::String::New(env, phase), Napi::String::New(env, package)});
    } catch (const Napi::Error& error) {
      throw Failure("SCRIPTLET", error.Message());
    }
  };
}

Napi::Value erase_packages_sync(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  return run_sync(env, [&]() -> Napi::Value {
    const auto erasure = erase_packages(database_of(info[0]), strings_of(info[1]), performer_of(info[2]));
    auto object = Napi::Object::New(env);
    object.Set("erased", to_array(env, erasure.erased));
    object.Set("log", erasure.log);
    return object;
  });
}

InstallationRequest installation_request_of(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  InstallationRequest request;
  request.database = database_of(value);
  request.packages = strings_of(object.Get("packages"));
  request.unpacked = to_text(object.Get("unpacked"));
  request.unpackers = object.Get("unpackers").As<Napi::Number>().Uint32Value();
  request.upgrade = object.Get("upgrade").ToBoolean().Value();
  request.docs = object.Get("docs").As<Napi::Boolean>().Value();
  request.foreign = object.Get("foreign").ToBoolean().Value();
  const auto macros = object.Get("macros").As<Napi::Object>();
  for (const auto& name : strings_of(macros.GetPropertyNames()))
    request.macros.emplace_back(name, macros.Get(name).As<Napi::String>().Utf8Value());
  return request;
}

Napi::Value install_packages_sync(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  return run_sync(env, [&]() -> Napi::Value {
    auto request = installation_request_of(info[0]);
    request.perform = performer_of(info[1]);
    const auto installation = install_packages(request);
    auto object = Napi::Object::New(env);
    object.Set("failedScriptlets", to_array(env, installation.failed_scriptlets));
    object.Set("warnings", to_array(env, installation.warnings));
    return object;
  });
}

Napi::Value scriptlet_object(Napi::Env env, const Scriptlet& scriptlet) {
  auto object = Napi::Object::New(env);
  object.Set("package", scriptlet.package);
  object.Set("phase", scriptlet.phase);
  object.Set("trigger", Napi::Boolean::New(env, scriptlet.trigger));
  object.Set("program", to_array(env, scriptlet.program));
  object.Set("body", scriptlet.body);
  object.Set("expanded", Napi::Boolean::New(env, scriptlet.expanded));
  return object;
}

Napi::Value scriptlet_array(Napi::Env env, std::vector<Scriptlet>& scriptlets) {
  return to_array(env, scriptlets, scriptlet_object);
}

Napi::Value scriptlets_of_installation_async(const Napi::CallbackInfo& info) {
  return run_promise<std::vector<Scriptlet>>(
      info.Env(), Environment::of(info.Env()).rpm,
      [paths = strings_of(info[0])] { return scriptlets_of_installation(paths); }, scriptlet_array);
}

Napi::Value scriptlets_of_erasure_async(const Napi::CallbackInfo& info) {
  return run_promise<std::vector<Scriptlet>>(
      info.Env(), Environment::of(info.Env()).rpm,
      [database = database_of(info[0]), names = strings_of(info[1])] { return scriptlets_of_erasure(database, names); },
      scriptlet_array);
}

}  // namespace

void export_rpmdb(Napi::Env env, Napi::Object exports) {
  exports.Set("readRpmdb", Napi::Function::New(env, read_rpmdb_async, "readRpmdb"));
  exports.Set("readInventory", Napi::Function::New(env, read_inventory_async, "readInventory"));
  exports.Set("ownedPaths", Napi::Function::New(env, owned_paths_async, "ownedPaths"));
  exports.Set("convertRpmdb", Napi::Function::New(env, convert_rpmdb_async, "convertRpmdb"));
  exports.Set("canonicalizeRpmdb", Napi::Function::New(env, canonicalize_rpmdb_async, "canonicalizeRpmdb"));
  exports.Set("installPackagesSync", Napi::Function::New(env, install_packages_sync, "installPackagesSync"));
  exports.Set("erasePackagesSync", Napi::Function::New(env, erase_packages_sync, "erasePackagesSync"));
  exports.Set("scriptletsOfInstallation",
              Napi::Function::New(env, scriptlets_of_installation_async, "scriptletsOfInstallation"));
  exports.Set("scriptletsOfErasure", Napi::Function::New(env, scriptlets_of_erasure_async, "scriptletsOfErasure"));
}

}  // namespace rpmoci

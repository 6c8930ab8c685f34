// Reading and verifying RPM files: readPackages, verifyPackages; detached signatures: verifyDetached.
#include <thread>
#include <utility>

#include "bindings/exports.h"
#include "bindings/values.h"
#include "napi/promise.h"
#include "parallel.h"
#include "rpm/detached.h"
#include "rpm/issuers.h"
#include "rpm/library.h"
#include "rpm/package_header.h"
#include "rpm/verification.h"

namespace rpmoci {

namespace {

Napi::Value package_object(Napi::Env env, const PackageHeader& package) {
  auto object = Napi::Object::New(env);
  object.Set("name", package.name);
  object.Set("evr", package.evr);
  object.Set("epoch", package.epoch ? Napi::Value(Napi::Number::New(env, *package.epoch)) : env.Null());
  object.Set("version", package.version);
  object.Set("release", package.release);
  object.Set("arch", package.arch);
  object.Set("sourceRpm", package.source_rpm);
  object.Set("vendor", package.vendor);
  object.Set("license", package.license);
  object.Set("summary", package.summary);
  object.Set("installedSize", Napi::Number::New(env, static_cast<double>(package.installed_size)));
  object.Set("requires", to_array(env, package.requires_));
  object.Set("provides", to_array(env, package.provides));
  object.Set("signed", Napi::Boolean::New(env, package.has_signature));
  object.Set("ownedProbePaths", to_array(env, package.owned_probe_paths));
  return object;
}

Napi::Value text_or_null(Napi::Env env, const std::string& text) {
  return text.empty() ? env.Null() : Napi::Value(Napi::String::New(env, text));
}

Napi::Value verification_object(Napi::Env env, const Verification& verification) {
  auto object = Napi::Object::New(env);
  object.Set("path", verification.path);
  object.Set("verdict", verification.verdict);
  object.Set("keyId", text_or_null(env, verification.key_id));
  object.Set("signers", to_array(env, verification.signers));
  object.Set("details", to_array(env, verification.details));
  return object;
}

Napi::Value detached_object(Napi::Env env, const DetachedVerification& verification) {
  auto object = Napi::Object::New(env);
  object.Set("verdict", verification.verdict);
  object.Set("keyId", text_or_null(env, verification.key_id));
  object.Set("details", to_array(env, verification.details));
  return object;
}

Napi::Value read_packages(const Napi::CallbackInfo& info) {
  auto& environment = Environment::of(info.Env());
  using Result = std::vector<PackageHeader>;
  auto work = [paths = strings_of(info[0]), probes = strings_of(info[1]), &environment] {
    Result packages;
    for (const auto& path : paths) {
      give_up_if_closing(environment);
      packages.push_back(read_package(path, probes));
    }
    return packages;
  };
  return run_promise<Result>(info.Env(), environment.rpm, std::move(work),
                             [](Napi::Env env, Result& packages) { return to_array(env, packages, package_object); });
}

Napi::Value verify_packages(const Napi::CallbackInfo& info) {
  auto& environment = Environment::of(info.Env());
  using Result = std::vector<Verification>;
  auto work = [paths = strings_of(info[0]), keys = strings_of(info[1]), &environment] {
    const auto keyring = [&] {
      const auto guard = RpmLibrary::get().lock();
      return Keyring(keys);
    }();
    Result verifications(paths.size());
    for_each_index(paths.size(), std::thread::hardware_concurrency(), [&](size_t index) {
      give_up_if_closing(environment);
      verifications[index] = verify_package(paths[index], keyring);
    });
    return verifications;
  };
  return run_promise<Result>(info.Env(), environment.rpm, std::move(work), [](Napi::Env env, Result& verifications) {
    return to_array(env, verifications, verification_object);
  });
}

Napi::Value claimed_package_signers(const Napi::CallbackInfo& info) {
  auto& environment = Environment::of(info.Env());
  using Result = std::vector<std::vector<std::string>>;
  auto work = [paths = strings_of(info[0]), keys = strings_of(info[1])] {
    const auto guard = RpmLibrary::get().lock();
    const Keyring keyring(keys);
    Result signers;
    for (const auto& path : paths) signers.push_back(claimed_signers(path, keyring));
    return signers;
  };
  return run_promise<Result>(info.Env(), environment.rpm, std::move(work), [](Napi::Env env, Result& signers) {
    return to_array(env, signers, [](Napi::Env inner, const auto& fingerprints) {
      return Napi::Value(to_array(inner, fingerprints));
    });
  });
}

/// A copy: the JavaScript buffer may change or go while the thread works.
std::string bytes_of(const Napi::Value& value) {
  const auto array = value.As<Napi::Uint8Array>();
  if (array.ByteLength() == 0) return "";
  return std::string(reinterpret_cast<const char*>(array.Data()), array.ByteLength());
}

Napi::Value verify_detached_signature(const Napi::CallbackInfo& info) {
  auto& environment = Environment::of(info.Env());
  using Result = DetachedVerification;
  auto work = [data = bytes_of(info[0]), signature = bytes_of(info[1]), keys = strings_of(info[2])] {
    const auto guard = RpmLibrary::get().lock();
    return verify_detached(data, signature, Keyring(keys));
  };
  return run_promise<Result>(info.Env(), environment.rpm, std::move(work), detached_object);
}

Napi::Value key_fingerprints(const Napi::CallbackInfo& info) {
  auto& environment = Environment::of(info.Env());
  using Result = std::vector<std::string>;
  auto work = [keys = strings_of(info[0])] {
    const auto guard = RpmLibrary::get().lock();
    return Keyring(keys).fingerprints();
  };
  return run_promise<Result>(info.Env(), environment.rpm, std::move(work),
                             [](Napi::Env env, Result& fingerprints) { return to_array(env, fingerprints); });
}

}  // namespace

void export_packages(Napi::Env env, Napi::Object exports) {
  exports.Set("readPackages", Napi::Function::New(env, read_packages, "readPackages"));
  exports.Set("verifyPackages", Napi::Function::New(env, verify_packages, "verifyPackages"));
  exports.Set("claimedSigners", Napi::Function::New(env, claimed_package_signers, "claimedSigners"));
  exports.Set("keyFingerprints", Napi::Function::New(env, key_fingerprints, "keyFingerprints"));
  exports.Set("verifyDetached", Napi::Function::New(env, verify_detached_signature, "verifyDetached"));
}

}  // namespace rpmoci

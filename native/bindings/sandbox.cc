// enterSandboxSync, ignoreSynchronizationSync, registerInterpreterSync.
#include "sandbox/sandbox.h"
#include "bindings/exports.h"
#include "bindings/values.h"
#include "napi/synchronous.h"
#include "sandbox/emulation.h"
#include "sandbox/synchronization.h"

namespace rpmoci {

namespace {

Napi::Value enter_sandbox_sync(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  return run_sync(env, [&] {
    const auto object = info[0].As<Napi::Object>();
    enter_sandbox({to_text(object.Get("scratch")), to_text(object.Get("root")), strings_of(object.Get("readable")),
                   strings_of(object.Get("devices"))});
    return env.Undefined();
  });
}

Napi::Value ignore_synchronization_sync(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), ignore_synchronization());
}

Napi::Value register_interpreter_sync(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  return run_sync(env, [&] {
    register_interpreter(to_text(info[0]));
    return env.Undefined();
  });
}

}  // namespace

void export_sandbox(Napi::Env env, Napi::Object exports) {
  exports.Set("enterSandboxSync", Napi::Function::New(env, enter_sandbox_sync, "enterSandboxSync"));
  exports.Set("ignoreSynchronizationSync",
              Napi::Function::New(env, ignore_synchronization_sync, "ignoreSynchronizationSync"));
  exports.Set("registerInterpreterSync",
              Napi::Function::New(env, register_interpreter_sync, "registerInterpreterSync"));
}

}  // namespace rpmoci

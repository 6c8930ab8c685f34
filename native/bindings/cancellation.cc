// newCancellation and cancel.
#include "napi/cancellation.h"

#include "bindings/exports.h"

namespace rpmoci {

namespace {

Napi::Value new_cancellation_sync(const Napi::CallbackInfo& info) { return new_cancellation(info.Env()); }

void cancel_sync(const Napi::CallbackInfo& info) { *cancellation_of(info[0]) = true; }

}  // namespace

void export_cancellation(Napi::Env env, Napi::Object exports) {
  exports.Set("newCancellation", Napi::Function::New(env, new_cancellation_sync, "newCancellation"));
  exports.Set("cancel", Napi::Function::New(env, cancel_sync, "cancel"));
}

}  // namespace rpmoci

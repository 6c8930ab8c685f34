// An addon beside the other: libcurl and all that it needs are loaded when something is downloaded.
#include <napi.h>

#include "bindings/exports.h"
#include "napi/environment.h"

namespace {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto* environment = new rpmoci::Environment;
  env.SetInstanceData(environment);
  env.AddCleanupHook([environment] { environment->shut_down(); });
  rpmoci::export_cancellation(env, exports);
  rpmoci::export_transfer(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(rpmoci_transfer, initialize)

// An addon beside the other: libcurl and all that it needs are loaded when something is downloaded.
#include <napi.h>

#include "bindings/exports.h"
#include "napi/environment.h"

namespace {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  rpmoci::Environment::create(env);
  rpmoci::export_cancellation(env, exports);
  rpmoci::export_transfer(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(rpmoci_transfer, initialize)

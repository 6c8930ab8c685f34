// What the addon exports, but for transfers. Each group is defined in bindings/; this file only gathers them.
#include <napi.h>

#include "bindings/exports.h"
#include "napi/environment.h"

namespace {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  rpmoci::Environment::create(env);
  rpmoci::export_cancellation(env, exports);
  rpmoci::export_versions(env, exports);
  rpmoci::export_pool(env, exports);
  rpmoci::export_metadata(env, exports);
  rpmoci::export_packages(env, exports);
  rpmoci::export_rpmdb(env, exports);
  rpmoci::export_sandbox(env, exports);
  rpmoci::export_layer(env, exports);
  rpmoci::export_file_lock(env, exports);
  rpmoci::export_inspection(env, exports);
  rpmoci::export_file_capabilities(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(rpmoci, initialize)

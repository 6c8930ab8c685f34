// scanRootfs and writeLayer.
#include <cmath>
#include <cstdint>

#include "bindings/exports.h"
#include "layer/scan.h"
#include "layer/write_layer.h"
#include "napi/environment.h"
#include "napi/progress.h"
#include "napi/promise.h"

namespace rpmoci {

namespace {

Napi::Number number(Napi::Env env, std::uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

double read_number(const Napi::Object& object, const char* key) {
  return object.Get(key).As<Napi::Number>().DoubleValue();
}

std::string read_string(const Napi::Object& object, const char* key) {
  return object.Get(key).As<Napi::String>().Utf8Value();
}

LayerRequest read_request(const Napi::Object& object) {
  LayerRequest request;
  request.root = read_string(object, "root");
  request.blob.output = read_string(object, "output");
  if (read_string(object, "compression") == "gzip") request.blob.level = static_cast<int>(read_number(object, "level"));
  request.blob.threads = static_cast<unsigned>(read_number(object, "threads"));
  request.max_mtime = static_cast<std::int64_t>(std::floor(read_number(object, "maxMtime")));
  request.build_start = static_cast<std::int64_t>(std::floor(read_number(object, "buildStart")));
  return request;
}

Napi::Value to_object(Napi::Env env, LayerResult& result) {
  auto object = Napi::Object::New(env);
  object.Set("diffId", Napi::String::New(env, "sha256:" + result.blob.diff_id));
  object.Set("digest", Napi::String::New(env, "sha256:" + result.blob.digest));
  object.Set("size", number(env, result.blob.size));
  object.Set("uncompressedSize", number(env, result.blob.uncompressed_size));
  object.Set("entries", number(env, result.entries));
  auto sockets = Napi::Array::New(env, result.skipped_sockets.size());
  for (std::uint32_t i = 0; i < result.skipped_sockets.size(); ++i) {
    sockets.Set(i, Napi::String::New(env, result.skipped_sockets[i]));
  }
  object.Set("skippedSockets", sockets);
  return object;
}

Napi::Value scan_to_object(Napi::Env env, RootfsScan& scan) {
  auto object = Napi::Object::New(env);
  object.Set("files", number(env, scan.files));
  object.Set("directories", number(env, scan.directories));
  object.Set("symlinks", number(env, scan.symlinks));
  object.Set("hardLinks", number(env, scan.hard_links));
  object.Set("others", number(env, scan.others));
  object.Set("bytes", number(env, scan.bytes));
  return object;
}

Napi::Value scan_rootfs_async(const Napi::CallbackInfo& info) {
  auto& environment = Environment::of(info.Env());
  return run_promise<RootfsScan>(
      info.Env(), environment.general,
      [root = info[0].As<Napi::String>().Utf8Value(), &environment] { return scan_rootfs(root, environment.closing); },
      scan_to_object);
}

Napi::Value write_layer_async(const Napi::CallbackInfo& info) {
  auto& environment = Environment::of(info.Env());
  auto request = read_request(info[0].As<Napi::Object>());
  auto progress = std::make_shared<Progress>(info.Env(), info[1].As<Napi::Function>());
  return run_promise<LayerResult>(
      info.Env(), environment.general,
      [request = std::move(request), progress = std::move(progress), &environment] {
        return write_layer(request, environment.closing, [&progress](std::uint64_t bytes) { progress->report(bytes); });
      },
      to_object);
}

}  // namespace

void export_layer(Napi::Env env, Napi::Object exports) {
  exports.Set("scanRootfs", Napi::Function::New(env, scan_rootfs_async, "scanRootfs"));
  exports.Set("writeLayer", Napi::Function::New(env, write_layer_async, "writeLayer"));
}

}  // namespace rpmoci

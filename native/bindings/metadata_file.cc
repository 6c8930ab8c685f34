// readMetadataFile.
#include <string>

#include "bindings/exports.h"
#include "napi/promise.h"
#include "solv/read_compressed.h"

namespace rpmoci {

namespace {

Napi::Value read_metadata_file(const Napi::CallbackInfo& info) {
  const auto path = info[0].As<Napi::String>().Utf8Value();
  const auto limit = static_cast<std::size_t>(info[1].As<Napi::Number>().Int64Value());
  return run_promise<std::string>(
      info.Env(), Environment::of(info.Env()).general, [path, limit] { return read_compressed(path, limit); },
      [](Napi::Env env, std::string& contents) -> Napi::Value {
        return Napi::Buffer<char>::Copy(env, contents.data(), contents.size());
      });
}

}  // namespace

void export_metadata_file(Napi::Env env, Napi::Object exports) {
  exports.Set("readMetadataFile", Napi::Function::New<read_metadata_file>(env, "readMetadataFile"));
}

}  // namespace rpmoci

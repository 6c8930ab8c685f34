// readMetadata.
#include <cstdint>
#include <string>
#include <vector>

#include "bindings/exports.h"
#include "napi/promise.h"
#include "solv/compressed_file.h"

namespace rpmoci {

namespace {

constexpr std::size_t kBlock = 1 << 16;

std::string read_uncompressed(const std::string& path, std::size_t limit) {
  const auto fail = [&](const std::string& reason) {
    throw Failure("METADATA_UNREADABLE", "cannot read " + path + ": " + reason);
  };
  CompressedFile file(path, {});
  if (file.get() == nullptr) fail(file.fault());
  std::string contents;
  std::vector<char> block(kBlock);
  while (const auto count = std::fread(block.data(), 1, block.size(), file.get())) {
    contents.append(block.data(), count);
    if (contents.size() > limit) fail("it holds more than " + std::to_string(limit >> 20U) + " MiB");
  }
  if (const auto fault = file.fault(); !fault.empty()) fail(fault);
  return contents;
}

Napi::Value read_metadata(const Napi::CallbackInfo& info) {
  const auto limit = static_cast<std::size_t>(info[1].As<Napi::Number>().Int64Value());
  return run_promise<std::string>(
      info.Env(), Environment::of(info.Env()).general,
      [path = info[0].As<Napi::String>().Utf8Value(), limit] { return read_uncompressed(path, limit); },
      [](Napi::Env env, std::string& contents) -> Napi::Value {
        return Napi::Buffer<char>::Copy(env, contents.data(), contents.size());
      });
}

}  // namespace

void export_metadata(Napi::Env env, Napi::Object exports) {
  exports.Set("readMetadata", Napi::Function::New<read_metadata>(env, "readMetadata"));
}

}  // namespace rpmoci

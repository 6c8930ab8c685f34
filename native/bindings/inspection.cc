// What is in an image: describeInstalled, readChangelogs; newZstdDecoder, decodeZstd.
#include <utility>

#include "bindings/exports.h"
#include "bindings/installed_relations.h"
#include "bindings/values.h"
#include "layer/zstd_decoder.h"
#include "napi/promise.h"
#include "napi/synchronous.h"
#include "rpm/description.h"
#include "rpm/installed.h"
#include "rpm/library.h"

namespace rpmoci {

namespace {

struct Installed {
  std::vector<PackageDescription> packages;
  std::vector<std::vector<std::uint32_t>> needs;
};

/// Names are bytes: each becomes a character.
Napi::Value bytes_as_text(Napi::Env env, const std::string& bytes) {
  napi_value value = nullptr;
  if (napi_create_string_latin1(env, bytes.data(), bytes.size(), &value) != napi_ok) throw Napi::Error::New(env);
  return {env, value};
}

Napi::Value number(Napi::Env env, std::uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

Napi::Value file_object(Napi::Env env, const FileDescription& file) {
  auto object = Napi::Object::New(env);
  object.Set("path", bytes_as_text(env, file.path));
  object.Set("user", file.user);
  object.Set("group", file.group);
  object.Set("linkTarget", bytes_as_text(env, file.link_target));
  object.Set("capabilities", file.capabilities);
  object.Set("digest", file.digest);
  object.Set("digestAlgorithm", Napi::Number::New(env, file.digest_algorithm));
  object.Set("size", number(env, file.size));
  object.Set("mode", Napi::Number::New(env, file.mode));
  object.Set("flags", Napi::Number::New(env, file.flags));
  object.Set("verifyFlags", Napi::Number::New(env, file.verify_flags));
  object.Set("state", Napi::Number::New(env, file.state));
  return object;
}

Napi::Value changelog_array(Napi::Env env, const std::vector<ChangelogEntry>& entries) {
  return to_array(env, entries, [](Napi::Env e, const ChangelogEntry& entry) -> Napi::Value {
    auto object = Napi::Object::New(e);
    object.Set("time", Napi::Number::New(e, entry.time));
    object.Set("author", entry.author);
    object.Set("text", entry.text);
    return object;
  });
}

Napi::Object package_object(Napi::Env env, const PackageDescription& package) {
  auto object = Napi::Object::New(env);
  object.Set("name", package.name);
  object.Set("evr", package.evr);
  object.Set("arch", package.arch);
  object.Set("sourceRpm", package.source_rpm);
  object.Set("changelog", changelog_array(env, package.changelog));
  object.Set("files", to_array(env, package.files, file_object));
  return object;
}

Napi::Value installed_array(Napi::Env env, Installed& installed) {
  auto array = Napi::Array::New(env, installed.packages.size());
  for (std::uint32_t i = 0; i < installed.packages.size(); ++i) {
    const Napi::HandleScope scope(env);
    auto object = package_object(env, installed.packages[i]);
    object.Set("needs", to_array(env, installed.needs[i], [](Napi::Env e, std::uint32_t index) -> Napi::Value {
                 return Napi::Number::New(e, index);
               }));
    array.Set(i, object);
  }
  return array;
}

Napi::Value describe_installed_async(const Napi::CallbackInfo& info) {
  const auto request = info[0].As<Napi::Object>();
  auto work = [database = RootDatabase{to_text(request.Get("root")), to_text(request.Get("dbPath"))}] {
    const auto guard = RpmLibrary::get().lock();
    const auto headers = sorted_headers(database);
    Installed installed{.packages = {}, .needs = needs_among(headers)};
    for (const auto& header : headers) installed.packages.push_back(describe_package(header.get()));
    return installed;
  };
  return run_promise<Installed>(info.Env(), Environment::of(info.Env()).rpm, std::move(work), installed_array);
}

Napi::Value read_changelogs_async(const Napi::CallbackInfo& info) {
  auto& environment = Environment::of(info.Env());
  using Result = std::vector<std::vector<ChangelogEntry>>;
  auto work = [paths = strings_of(info[0]), &environment] {
    Result changelogs;
    for (const auto& path : paths) {
      give_up_if_closing(environment);
      changelogs.push_back(read_changelog(path));
    }
    return changelogs;
  };
  return run_promise<Result>(info.Env(), environment.rpm, std::move(work), [](Napi::Env env, Result& changelogs) {
    return to_array(env, changelogs, changelog_array);
  });
}

Napi::Value new_zstd_decoder(const Napi::CallbackInfo& info) {
  return Napi::External<ZstdDecoder>::New(info.Env(), new ZstdDecoder,
                                          [](Napi::Env, ZstdDecoder* decoder) { delete decoder; });
}

Napi::Value decode_zstd(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  return run_sync(env, [&]() -> Napi::Value {
    auto& decoder = *info[0].As<Napi::External<ZstdDecoder>>().Data();
    const auto input = info[1].As<Napi::Uint8Array>();
    const auto start = info[2].As<Napi::Number>().Uint32Value();
    std::vector<char> output;
    const auto* bytes = reinterpret_cast<const char*>(input.Data());
    const auto step = decoder.decode(bytes + start, input.ByteLength() - start, output);
    auto object = Napi::Object::New(env);
    object.Set("output", Napi::Buffer<char>::Copy(env, output.data(), output.size()));
    object.Set("position", number(env, start + step.read));
    object.Set("more", Napi::Boolean::New(env, step.more));
    object.Set("whole", Napi::Boolean::New(env, step.whole));
    return object;
  });
}

}  // namespace

void export_inspection(Napi::Env env, Napi::Object exports) {
  exports.Set("describeInstalled", Napi::Function::New(env, describe_installed_async, "describeInstalled"));
  exports.Set("readChangelogs", Napi::Function::New(env, read_changelogs_async, "readChangelogs"));
  exports.Set("newZstdDecoder", Napi::Function::New(env, new_zstd_decoder, "newZstdDecoder"));
  exports.Set("decodeZstd", Napi::Function::New(env, decode_zstd, "decodeZstd"));
}

}  // namespace rpmoci

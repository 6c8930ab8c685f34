#include <libdeflate.h>
#include <rpm/rpmlib.h>
#include <solv/solvversion.h>
#include <sqlite3.h>

#include "bindings/exports.h"
#include "layer/zstd.h"

namespace rpmoci {

void export_versions(Napi::Env env, Napi::Object exports) {
  exports.Set("versions", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                const auto env = info.Env();
                auto versions = Napi::Object::New(env);
                // What runs, not what was compiled against, wherever the library tells.
                versions.Set("libsolv", Napi::String::New(env, solv_version));
                versions.Set("librpm", Napi::String::New(env, RPMVERSION));
                versions.Set("libdeflate", Napi::String::New(env, LIBDEFLATE_VERSION_STRING));
                versions.Set("zstd", Napi::String::New(env, zstd_version()));
                versions.Set("sqlite", Napi::String::New(env, sqlite3_libversion()));
                return versions;
              }));
}

}  // namespace rpmoci

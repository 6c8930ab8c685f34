// The capabilities of a file: setFileCapabilities.
#include <sys/xattr.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "bindings/exports.h"

namespace rpmoci {

namespace {

/// Of a file, never of what a symlink leads to.
void set_file_capabilities(const Napi::CallbackInfo& info) {
  const auto path = info[0].As<Napi::Uint8Array>();
  const auto value = info[1].As<Napi::Uint8Array>();
  const std::string name(path.Data(), path.Data() + path.ElementLength());
  if (::lsetxattr(name.c_str(), "security.capability", value.Data(), value.ElementLength(), 0) == 0) return;
  throw Napi::Error::New(info.Env(), std::generic_category().message(errno));
}

}  // namespace

void export_file_capabilities(Napi::Env env, Napi::Object exports) {
  exports.Set("setFileCapabilities", Napi::Function::New(env, set_file_capabilities, "setFileCapabilities"));
}

}  // namespace rpmoci

// A lock on an open file: tryLock.
#include <sys/file.h>

#include <cerrno>
#include <system_error>

#include "bindings/exports.h"

namespace rpmoci {

namespace {

/// Never waits, so it needs no thread. The kernel gives the lock up when the last copy of the descriptor is closed,
/// which is also what becomes of it when the process is killed.
Napi::Value try_lock(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto mode = info[1].As<Napi::Boolean>().Value() ? LOCK_SH : LOCK_EX;
  if (::flock(info[0].As<Napi::Number>().Int32Value(), mode | LOCK_NB) == 0) return Napi::Boolean::New(env, true);
  if (errno == EWOULDBLOCK || errno == EINTR) return Napi::Boolean::New(env, false);
  throw Napi::Error::New(env, std::generic_category().message(errno));
}

}  // namespace

void export_file_lock(Napi::Env env, Napi::Object exports) {
  exports.Set("tryLock", Napi::Function::New(env, try_lock));
}

}  // namespace rpmoci

// A flag by which JavaScript calls a long task off.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

#include "napi/environment.h"

namespace rpmoci {

using Cancellation = std::shared_ptr<std::atomic<bool>>;

/// An opaque value for JavaScript. The flag is also set when the environment is closed.
inline Napi::Value new_cancellation(Napi::Env env) {
  return Napi::External<Cancellation>::New(env, new Cancellation(Environment::of(env).new_flag()),
                                           [](Napi::Env, Cancellation* flag) { delete flag; });
}

inline Cancellation cancellation_of(const Napi::Value& value) {
  return *value.As<Napi::External<Cancellation>>().Data();
}

}  // namespace rpmoci

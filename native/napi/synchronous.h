// Work on the caller's own thread.
#pragma once

#include <napi.h>

#include "failure.h"

namespace rpmoci {

/// What `work` returns; a Failure becomes a JavaScript error.
template <class Work>
Napi::Value run_sync(Napi::Env env, Work work) {
  try {
    return work();
  } catch (const Failure& failure) {
    auto error = Napi::Error::New(env, failure.what());
    error.Set("code", Napi::String::New(env, failure.code()));
    throw error;
  }
}

}  // namespace rpmoci

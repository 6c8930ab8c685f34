// The one asynchronous base of the addon: run plain C++ on a thread of the addon's own, settle a promise with its
// result.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "failure.h"
#include "napi/environment.h"
#include "napi/executor.h"

namespace rpmoci {

namespace detail {

template <class Result>
struct PromiseTask {
  explicit PromiseTask(Napi::Env env) : deferred(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise::Deferred deferred;
  std::function<Result()> work;
  std::function<Napi::Value(Napi::Env, Result&)> convert;
  std::optional<Result> result;
  std::string code;
  std::string message;
};

template <class Result>
void settle(Napi::Env env, Napi::Function, void*, PromiseTask<Result>* raw) {
  std::unique_ptr<PromiseTask<Result>> task(raw);
  if (env == nullptr) return;  // the environment is being torn down: nobody is left to hear of it
  Napi::HandleScope scope(env);
  if (task->result) {
    try {
      task->deferred.Resolve(task->convert(env, *task->result));
    } catch (const Napi::Error& error) {
      task->deferred.Reject(error.Value());
    }
    return;
  }
  auto error = Napi::Error::New(env, task->message);
  error.Set("code", Napi::String::New(env, task->code));
  task->deferred.Reject(error.Value());
}

}  // namespace detail

/// Runs `work` on `queue` and returns a promise for what `convert` makes of its result, on the JavaScript thread.
/// Everything that `work` captures must be plain C++: JavaScript values are converted before a thread starts.
/// A Failure rejects with its code and message; any other exception rejects with the code "INTERNAL".
template <class Result>
Napi::Promise run_promise(Napi::Env env, TaskQueue& queue, std::function<Result()> work,
                          std::function<Napi::Value(Napi::Env, Result&)> convert) {
  using Task = detail::PromiseTask<Result>;
  using Notifier = Napi::TypedThreadSafeFunction<void, Task, detail::settle<Result>>;
  auto task = std::make_shared<std::unique_ptr<Task>>(std::make_unique<Task>(env));
  (*task)->work = std::move(work);
  (*task)->convert = std::move(convert);
  auto promise = (*task)->deferred.Promise();
  auto notifier = Notifier::New(env, "rpmoci", 0, 1);
  queue.submit([task, notifier]() mutable {
    auto& run = **task;
    try {
      run.result.emplace(run.work());
    } catch (const Failure& failure) {
      run.code = failure.code();
      run.message = failure.what();
    } catch (const std::exception& error) {
      run.code = "INTERNAL";
      run.message = error.what();
    }
    run.work = nullptr;
    auto* raw = task->release();
    if (notifier.NonBlockingCall(raw) == napi_ok) {
      notifier.Release();
    } else {
      delete raw;
    }
  });
  return promise;
}

}  // namespace rpmoci

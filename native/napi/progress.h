// Calls into JavaScript that tell how far a running task is.
#pragma once

#include <napi.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace rpmoci {

namespace detail {

struct ProgressState {
  std::atomic<std::uint64_t> latest{0};
  std::atomic<bool> over{false};
};

using ProgressContext = std::shared_ptr<ProgressState>;

inline void call_progress(Napi::Env env, Napi::Function callback, ProgressContext* context, void*) {
  if (env == nullptr || (*context)->over) return;
  try {
    callback.Call({Napi::Number::New(env, static_cast<double>((*context)->latest))});
  } catch (const Napi::Error& error) {
    // Left alone, Node would drop it with a mere deprecation warning (DEP0168).
    napi_fatal_exception(env, error.Value());
  }
}

}  // namespace detail

/// A JavaScript function that one other thread may call, with one number. Made on the JavaScript thread, captured by
/// the work of run_promise and so destroyed before the promise is settled: the function is not called after that. What
/// the function throws is an uncaught exception of the environment.
class Progress {
 public:
  Progress(Napi::Env env, const Napi::Function& callback)
      : state_(std::make_shared<detail::ProgressState>()),
        // A queue of one: while the JavaScript thread is busy, calls are dropped instead of piling up.
        notifier_(Notifier::New(env, callback, "rpmoci progress", 1, 1, new detail::ProgressContext(state_),
                                [](Napi::Env, void*, detail::ProgressContext* context) { delete context; })) {}
  ~Progress() {
    state_->over = true;
    if (!closed_) notifier_.Release();
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Never waits. At most ten calls a second get through, the first one after a tenth of a second.
  void report(std::uint64_t value) {
    const auto now = Clock::now();
    if (closed_ || now < next_) return;
    next_ = now + interval;
    state_->latest = value;
    // Node counts a caller that got this answer as gone: the notifier must not be touched again, not even released.
    if (notifier_.NonBlockingCall() == napi_closing) closed_ = true;
  }

 private:
  using Notifier = Napi::TypedThreadSafeFunction<detail::ProgressContext, void, detail::call_progress>;
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds interval{100};

  std::shared_ptr<detail::ProgressState> state_;
  Notifier notifier_;
  Clock::time_point next_ = Clock::now() + interval;
  bool closed_ = false;
};

}  // namespace rpmoci

// Conversions that bindings share.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "failure.h"
#include "napi/environment.h"

namespace rpmoci {

inline std::string to_text(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }

/// The items of an array, each made by `convert`; none for undefined.
template <class Convert>
auto to_vector(const Napi::Value& value, Convert convert) {
  std::vector<std::invoke_result_t<Convert, const Napi::Value&>> items;
  if (value.IsUndefined()) return items;
  const auto array = value.As<Napi::Array>();
  items.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(value.Env());
    const Napi::Value item = array.Get(i);
    items.push_back(convert(item));
  }
  return items;
}

inline std::vector<std::string> strings_of(const Napi::Value& value) { return to_vector(value, to_text); }

template <class T, class Convert>
Napi::Value to_array(Napi::Env env, const std::vector<T>& items, Convert convert) {
  auto array = Napi::Array::New(env, items.size());
  for (uint32_t i = 0; i < items.size(); ++i) {
    const Napi::HandleScope scope(env);
    array.Set(i, convert(env, items[i]));
  }
  return array;
}

inline Napi::Value to_array(Napi::Env env, const std::vector<std::string>& items) {
  return to_array(env, items,
                  [](Napi::Env e, const std::string& item) -> Napi::Value { return Napi::String::New(e, item); });
}

/// Between two steps of a long task: nobody waits for its result any more, but somebody waits for the thread.
inline void give_up_if_closing(const Environment& environment) {
  if (environment.closing) throw Failure("CANCELLED", "the environment is being closed");
}

}  // namespace rpmoci

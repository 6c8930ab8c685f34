// newConnections, closeConnections, transfer, newCancellation and cancel.
#include <memory>
#include <optional>

#include "bindings/exports.h"
#include "bindings/values.h"
#include "napi/cancellation.h"
#include "napi/environment.h"
#include "napi/promise.h"
#include "transfer/connection.h"

namespace rpmoci {

namespace {

using SharedConnections = std::shared_ptr<ConnectionPool>;

struct FileTarget {
  std::string path;
  std::string algorithm;
  std::string validator;
};

struct Result {
  TransferOutcome outcome;
  std::uint64_t size = 0;
  /// Of a file.
  std::string checksum;
  std::optional<std::string> body;
};

TlsOptions read_tls(const Napi::Object& object) {
  return {.verify = object.Get("verify").As<Napi::Boolean>().Value(),
          .ca = to_text(object.Get("ca")),
          .certificate = to_text(object.Get("certificate")),
          .key = to_text(object.Get("key"))};
}

TransferRequest read_request(const Napi::Object& object) {
  const auto number = [&](const char* name) { return object.Get(name).As<Napi::Number>().Int64Value(); };
  TransferRequest request;
  request.url = to_text(object.Get("url"));
  request.headers = strings_of(object.Get("headers"));
  request.proxy = to_text(object.Get("proxy"));
  request.proxy_authentication = to_text(object.Get("proxyAuthentication"));
  request.no_proxy = to_text(object.Get("noProxy"));
  request.tls = read_tls(object.Get("tls").As<Napi::Object>());
  request.proxy_tls = read_tls(object.Get("proxyTls").As<Napi::Object>());
  request.verify_status = object.Get("verifyStatus").As<Napi::Boolean>().Value();
  request.ip_version = static_cast<int>(number("ipVersion"));
  request.timeout = static_cast<long>(number("timeout"));
  request.min_rate = static_cast<long>(number("minRate"));
  request.max_bytes = static_cast<std::uint64_t>(number("maxBytes"));
  return request;
}

std::optional<FileTarget> read_file(const Napi::Value& value) {
  if (value.IsNull()) return std::nullopt;
  const auto object = value.As<Napi::Object>();
  return FileTarget{to_text(object.Get("path")), to_text(object.Get("algorithm")), to_text(object.Get("validator"))};
}

/// What this machine did wrong is an outcome, too: the caller has to know what has arrived.
Result perform(ConnectionPool& pool, const TransferRequest& request, const std::optional<FileTarget>& file,
               const std::atomic<bool>& cancelled) {
  Result result;
  auto connection = pool.take(origin_of(request.url));
  try {
    if (file) {
      FileSink sink(file->path, file->algorithm);
      result.outcome = connection->perform(request, file->validator, sink, cancelled);
      result.size = sink.size();
      result.checksum = sink.finish();
    } else {
      MemorySink sink;
      result.outcome = connection->perform(request, "", sink, cancelled);
      result.size = sink.size();
      result.body = sink.take();
    }
  } catch (const Failure& failure) {
    if (failure.code() != "LOCAL") throw;
    result.outcome.failure = {failure.code(), failure.what()};
  }
  pool.give_back(std::move(connection));
  return result;
}

Napi::Value result_object(Napi::Env env, Result& result) {
  const auto& outcome = result.outcome;
  auto object = Napi::Object::New(env);
  object.Set("status", Napi::Number::New(env, static_cast<double>(outcome.status)));
  object.Set("redirectedTo", outcome.redirected_to);
  object.Set("validator", outcome.validator);
  object.Set("retryAfter", Napi::Number::New(env, static_cast<double>(outcome.retry_after)));
  object.Set("tooLarge", Napi::Boolean::New(env, outcome.too_large));
  object.Set("size", Napi::Number::New(env, static_cast<double>(result.size)));
  object.Set("checksum", result.checksum);
  object.Set("body", result.body ? Napi::Value(Napi::Buffer<char>::Copy(env, result.body->data(), result.body->size()))
                                 : env.Null());
  auto failure = env.Null();
  if (outcome.failure) {
    auto described = Napi::Object::New(env);
    described.Set("code", outcome.failure->code);
    described.Set("message", outcome.failure->message);
    failure = described;
  }
  object.Set("failure", failure);
  return object;
}

SharedConnections connections_of(const Napi::Value& value) {
  return *value.As<Napi::External<SharedConnections>>().Data();
}

Napi::Value new_connections(const Napi::CallbackInfo& info) {
  return Napi::External<SharedConnections>::New(info.Env(), new SharedConnections(std::make_shared<ConnectionPool>()),
                                                [](Napi::Env, SharedConnections* pool) { delete pool; });
}

void close_connections(const Napi::CallbackInfo& info) { connections_of(info[0])->close(); }

Napi::Value transfer(const Napi::CallbackInfo& info) {
  auto work = [pool = connections_of(info[0]), request = read_request(info[1].As<Napi::Object>()),
               file = read_file(info[2]),
               cancellation = cancellation_of(info[3])] { return perform(*pool, request, file, *cancellation); };
  return run_promise<Result>(info.Env(), Environment::of(info.Env()).transfers, std::move(work), result_object);
}

}  // namespace

void export_transfer(Napi::Env env, Napi::Object exports) {
  exports.Set("newConnections", Napi::Function::New(env, new_connections, "newConnections"));
  exports.Set("closeConnections", Napi::Function::New(env, close_connections, "closeConnections"));
  exports.Set("transfer", Napi::Function::New(env, transfer, "transfer"));
}

}  // namespace rpmoci

// An error of the layers below N-API: solv/, rpm/ and layer/ throw it, napi/ turns it into a JavaScript Error.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace rpmoci {

/// `code` is a stable, upper-case identifier (for example "RPM_UNREADABLE") that becomes `error.code` in JavaScript;
/// `what()` is one sentence that names the thing at fault. Throw it by value, from any thread.
class Failure : public std::runtime_error {
 public:
  Failure(std::string code, const std::string& message) : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const noexcept { return code_; }

 private:
  std::string code_;
};

}  // namespace rpmoci

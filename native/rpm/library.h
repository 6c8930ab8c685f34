// librpm's process-wide state: one configuration, one lock.
#pragma once

#include <mutex>
#include <string>

namespace rpmoci {

/// librpm is global and not thread-safe: whoever calls it holds `lock()` from opening a handle to freeing it, whatever
/// environment or thread he comes from.
class RpmLibrary {
 public:
  /// The first call configures librpm; it throws Failure("RPM_CONFIGURATION") when librpm's own files are missing.
  static RpmLibrary& get();

  /// Recursive: one who holds it may call what takes it.
  std::unique_lock<std::recursive_mutex> lock() { return std::unique_lock(mutex_); }

 private:
  RpmLibrary();

  std::recursive_mutex mutex_;
};

/// Sets a macro to a literal text while it lives. Only under RpmLibrary's lock.
class ScopedMacro {
 public:
  ScopedMacro(std::string name, const std::string& value);
  ~ScopedMacro();
  ScopedMacro(const ScopedMacro&) = delete;
  ScopedMacro& operator=(const ScopedMacro&) = delete;

 private:
  std::string name_;
};

}  // namespace rpmoci

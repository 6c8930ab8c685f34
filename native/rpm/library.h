// librpm's process-wide state: one configuration, one lock.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <shared_mutex>
#include <string>

namespace rpmoci {

/// librpm has one configuration, one set of macros and one idea of what the root directory is for the whole process.
/// Whoever calls it holds `lock()` from opening a handle to freeing it, whatever environment or thread he comes from,
/// or `share()` where what he calls is safe beside itself.
class RpmLibrary {
 public:
  /// The right to be the only one who calls librpm.
  class Exclusive {
   public:
    explicit Exclusive(RpmLibrary& library);
    ~Exclusive();
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

   private:
    RpmLibrary& library_;
    std::unique_lock<std::recursive_mutex> turn_;
  };

  /// The first call configures librpm; it throws Failure("RPM_CONFIGURATION") when librpm's own files are missing.
  static RpmLibrary& get();

  /// Recursive: one who holds it may call what takes it.
  Exclusive lock() { return Exclusive(*this); }

  /// For reading and verifying RPM files, of which librpm only uses what it guards itself: keyrings, its log, its
  /// tables of tags. Not recursive, and not for one who holds `lock()`. Who waits for `lock()` comes before later ones.
  std::shared_lock<std::shared_mutex> share();

 private:
  RpmLibrary();

  /// When the process exits, while threads of the addon may go on: those that use librpm, whose state is destroyed next
  /// (since rpm 6), may finish, and nobody begins anew.
  static void close();

  pid_t process_ = 0;
  std::recursive_mutex turn_;
  /// How often the thread that holds `turn_` has locked; only that thread looks.
  unsigned depth_ = 0;
  std::shared_mutex users_;
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

#include "sandbox/emulation.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "failure.h"
#include "file_descriptor.h"
#include "quote.h"

namespace rpmoci {

namespace {

// The same numbers on all architectures; C libraries have functions for them since glibc 2.36 only.
constexpr long fsopen_call = 430;
constexpr long fsconfig_call = 431;
constexpr long fsmount_call = 432;

[[noreturn]] void fail(const std::string& step) { throw Failure("EMULATION", step + ": " + reason(errno)); }

/// What is registered in there is everybody's. The kernel has given it this number since Linux 3.8.
void refuse_machine_namespace() {
  constexpr ino_t machine = 0xEFFFFFFD;
  struct stat status {};
  if (::stat("/proc/self/ns/user", &status) != 0) fail("reading /proc/self/ns/user");
  if (status.st_ino == machine) throw Failure("EMULATION", "the user namespace is the machine's own");
}

/// The file system is mounted nowhere, and goes with the descriptor.
FileDescriptor mount_binfmt() {
  const FileDescriptor context(static_cast<int>(::syscall(fsopen_call, "binfmt_misc", FSOPEN_CLOEXEC)));
  if (!context) fail("opening binfmt_misc");
  if (::syscall(fsconfig_call, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    fail("making a binfmt_misc");
  }
  FileDescriptor mount(static_cast<int>(::syscall(fsmount_call, context.get(), FSMOUNT_CLOEXEC, 0)));
  if (!mount) fail("mounting a binfmt_misc");
  return mount;
}

}  // namespace

void register_interpreter(const std::string& line) {
  refuse_machine_namespace();
  // The kernel forgets what is registered when nobody has the file system any more.
  static FileDescriptor mount;
  mount = mount_binfmt();
  const FileDescriptor file(::openat(mount.get(), "register", O_WRONLY | O_CLOEXEC));
  if (!file) fail("opening binfmt_misc/register");
  if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    fail("registering an interpreter");
  }
}

}  // namespace rpmoci

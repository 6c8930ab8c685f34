#include "sandbox/mounts.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "failure.h"
#include "quote.h"

namespace rpmoci {

namespace {

// The same numbers on all architectures; C libraries have functions for them since glibc 2.36 only.
constexpr long open_tree_call = 428;
constexpr long move_mount_call = 429;
constexpr long mount_setattr_call = 442;

bool try_mount(const char* type, const std::string& path, const std::string& options) {
  return ::syscall(SYS_mount, type, path.c_str(), type, MS_NOSUID | MS_NODEV, options.c_str()) == 0;
}

}  // namespace

void throw_sandbox_failure(const std::string& step) { throw Failure("SANDBOX", step + ": " + reason(errno)); }

FileDescriptor copy_mounts(const std::string& path) {
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE;
  FileDescriptor copy(static_cast<int>(::syscall(open_tree_call, AT_FDCWD, path.c_str(), flags)));
  if (!copy && errno != ENOENT) throw_sandbox_failure("copying the mount of " + path);
  return copy;
}

void attach(const FileDescriptor& copy, const std::string& path) {
  if (::syscall(move_mount_call, copy.get(), "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    throw_sandbox_failure("mounting " + path);
  }
}

void attach(const FileDescriptor& copy, const FileDescriptor& over) {
  const unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  if (::syscall(move_mount_call, copy.get(), "", over.get(), "", flags) != 0) {
    throw_sandbox_failure("mounting a device");
  }
}

void change_mount(const std::string& path, std::uint64_t set, std::uint64_t clear, Below below) {
  mount_attr attributes{.attr_set = set, .attr_clr = clear};
  const unsigned flags = AT_SYMLINK_NOFOLLOW | (below == Below::yes ? AT_RECURSIVE : 0);
  if (::syscall(mount_setattr_call, AT_FDCWD, path.c_str(), flags, &attributes, sizeof attributes) != 0) {
    throw_sandbox_failure("changing the mount of " + path);
  }
}

void mount_memory(const std::string& path, const std::string& options) {
  if (!try_mount("tmpfs", path, options)) throw_sandbox_failure("mounting memory on " + path);
}

bool mount_processes(const std::string& path) { return try_mount("proc", path, ""); }

void make_root(const std::string& path) {
  // Of <sys/mount.h>, which cannot be included beside <linux/mount.h> with every C library.
  constexpr int detach = 2;
  // The old root comes to lie on top of the new one, and goes.
  if (::chdir(path.c_str()) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0 ||
      ::syscall(SYS_umount2, ".", detach) != 0 || ::chdir("/") != 0) {
    throw_sandbox_failure("making " + path + " the root directory");
  }
}

}  // namespace rpmoci

#include "layer/open_beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <system_error>

namespace rpmoci {

namespace {

FileDescriptor or_throw(int fd) {
  if (fd < 0) throw std::system_error(errno, std::generic_category());
  return FileDescriptor(fd);
}

/// Name by name, which needs neither openat2 (Linux 5.6, and refused by some sandboxes) nor a short path.
FileDescriptor open_stepwise(int root, const std::string& path, int flags) {
  FileDescriptor directory;
  std::size_t start = 0;
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', start)) {
    const auto name = path.substr(start, slash - start);
    const int parent = directory ? directory.get() : root;
    directory = or_throw(::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    start = slash + 1;
  }
  return or_throw(::openat(directory ? directory.get() : root, path.c_str() + start, flags));
}

}  // namespace

FileDescriptor open_beneath(int root, const std::string& path, int flags) {
  flags |= O_NOFOLLOW | O_CLOEXEC;
  if (path.empty()) return or_throw(::openat(root, ".", flags));
  if (path.size() < PATH_MAX) {
    open_how how{};
    how.flags = static_cast<unsigned>(flags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const auto fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
    if (fd >= 0) return FileDescriptor(static_cast<int>(fd));
    // EPERM is a sandbox's answer, or a true one, which the other way then gives, too; EAGAIN asks to try again.
    if (errno != ENOSYS && errno != EPERM && errno != EAGAIN) throw std::system_error(errno, std::generic_category());
  }
  return open_stepwise(root, path, flags);
}

}  // namespace rpmoci

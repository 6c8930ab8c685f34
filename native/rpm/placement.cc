#include "rpm/placement.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>

namespace rpmoci {

namespace {

/// Symlinks, whatever they say, lead to nowhere outside `root`.
FileDescriptor open_directory(int root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return FileDescriptor(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

/// As librpm makes those that no package has.
FileDescriptor make_directory(int root, const std::string& path) {
  auto directory = open_directory(root, path);
  if (directory || errno != ENOENT || path.empty()) return directory;
  const auto end = path.find_last_not_of('/');
  const auto slash = path.rfind('/', end);
  if (slash == std::string::npos) return {};
  const auto parent = make_directory(root, path.substr(0, slash + 1));
  if (!parent || ::mkdirat(parent.get(), path.substr(slash + 1, end - slash).c_str(), 0755) != 0) return {};
  return open_directory(root, path);
}

bool set_owner(int directory, const char* name, const struct stat& status) {
  return ::fchownat(directory, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) == 0;
}

bool set_mode(int directory, const char* name, const struct stat& status) {
  return ::fchmodat(directory, name, status.st_mode & 07777, 0) == 0;
}

bool set_time(int directory, const char* name, const struct stat& status) {
  const timespec times[] = {{status.st_mtime, 0}, {status.st_mtime, 0}};
  return ::utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

/// The name under which it was unpacked.
int name_of_contents(const PackagePlan& plan, int index) {
  const int* links = nullptr;
  return rpmfilesFLinks(plan.files.get(), index, &links) > 1 ? links[0] : index;
}

}  // namespace

bool Placement::place(const PackagePlan& plan, std::size_t package) {
  const auto name = std::to_string(package);
  const FileDescriptor contents(::openat(unpacked_.get(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!contents || !place_all(plan, contents)) return false;
  ::unlinkat(unpacked_.get(), name.c_str(), AT_REMOVEDIR);
  return true;
}

bool Placement::place_all(const PackagePlan& plan, const FileDescriptor& contents) {
  auto* files = plan.files.get();
  for (int index = 0; index < static_cast<int>(rpmfilesFC(files)); ++index) {
    if (!plan.makes(index)) continue;
    struct stat status;
    if (rpmfilesStat(files, index, 1, &status) != 0) return false;
    if (!go_to(rpmfilesDN(files, rpmfilesDI(files, index)))) return false;
    const char* base = rpmfilesBN(files, index);
    // Of the root itself.
    const char* name = *base == '\0' ? "." : base;
    const bool placed = S_ISDIR(status.st_mode)   ? place_directory(name, status)
                        : S_ISLNK(status.st_mode) ? place_symlink(name, rpmfilesFLink(files, index), status)
                                                  : place_file(plan, contents, index, status);
    if (!placed) return false;
  }
  return true;
}

bool Placement::go_to(std::string_view path) {
  if (directory_ && directory_name_ == path) return true;
  directory_name_ = path;
  directory_ = make_directory(root_.get(), directory_name_);
  return static_cast<bool>(directory_);
}

bool Placement::place_file(const PackagePlan& plan, const FileDescriptor& contents, int index,
                           const struct stat& status) {
  auto* files = plan.files.get();
  const char* name = rpmfilesBN(files, index);
  const int first = plan.first_made_name(index).value();
  if (first != index) {
    const auto other = open_directory(root_.get(), rpmfilesDN(files, rpmfilesDI(files, first)));
    return other && ::linkat(other.get(), rpmfilesBN(files, first), directory_.get(), name, 0) == 0;
  }
  const auto unpacked = std::to_string(name_of_contents(plan, index));
  if (::renameat2(contents.get(), unpacked.c_str(), directory_.get(), name, RENAME_NOREPLACE) != 0) return false;
  const bool is_roots = status.st_uid == 0 && status.st_gid == 0;
  if (!is_roots && !set_owner(directory_.get(), name, status)) return false;
  const bool has_mode = is_roots && (status.st_mode & 07777) == (rpmfilesFMode(files, index) & 07777);
  return has_mode || set_mode(directory_.get(), name, status);
}

bool Placement::place_directory(const char* name, const struct stat& status) {
  const int directory = directory_.get();
  if (::mkdirat(directory, name, 0700) != 0) {
    struct stat present;
    if (errno != EEXIST || ::fstatat(directory, name, &present, AT_SYMLINK_NOFOLLOW) != 0) return false;
    if (!S_ISDIR(present.st_mode)) return false;
  }
  return set_owner(directory, name, status) && set_mode(directory, name, status) && set_time(directory, name, status);
}

bool Placement::place_symlink(const char* name, const char* target, const struct stat& status) {
  const int directory = directory_.get();
  return ::symlinkat(target, directory, name) == 0 && set_owner(directory, name, status) &&
         set_time(directory, name, status);
}

}  // namespace rpmoci

#include "layer/xattr.h"

#include <endian.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>

namespace rpmoci {

namespace {

constexpr std::string_view capability = "security.capability";

/// Revision 3 of a file capability is revision 2 with the user id of the namespace's root appended. Which of the two
/// the kernel returns depends on the namespace of who asks; in an image only the second means the same everywhere.
std::string without_namespace(std::string value) {
  std::uint32_t magic = 0;
  if (value.size() != XATTR_CAPS_SZ_3) return value;
  std::memcpy(&magic, value.data(), sizeof magic);
  magic = le32toh(magic);
  if ((magic & VFS_CAP_REVISION_MASK) != VFS_CAP_REVISION_3) return value;
  magic = htole32((magic & ~VFS_CAP_REVISION_MASK) | VFS_CAP_REVISION_2);
  std::memcpy(value.data(), &magic, sizeof magic);
  value.resize(XATTR_CAPS_SZ_2);
  return value;
}

/// Calls `read(buffer, size)` with a growing buffer. Null when the file system has no attributes, or not this one.
template <class Read>
std::optional<std::string> read_growing(Read read) {
  std::array<char, 512> small;
  ssize_t size = read(small.data(), small.size());
  if (size >= 0) return std::string(small.data(), static_cast<std::size_t>(size));
  std::string large;
  while (errno == ERANGE) {
    size = read(nullptr, 0);
    if (size < 0) break;
    // Never 0, for which the system calls would tell the size again.
    large.resize(static_cast<std::size_t>(size) + 1);
    size = read(large.data(), large.size());
    if (size >= 0) {
      large.resize(static_cast<std::size_t>(size));
      return large;
    }
  }
  if (errno == ENOTSUP || errno == ENODATA) return std::nullopt;
  throw std::system_error(errno, std::generic_category());
}

/// Of Linux 6.13, with the same number on all architectures that RPM distributions have; libraries do not know it yet.
constexpr long listxattrat = 465;

}  // namespace

/// Left out: security.selinux, security.ima and security.evm, which the host's policy and keys made; trusted.*, which
/// only the initial namespace's root sees (the image would depend on who builds it) and overlayfs uses for itself; and
/// system.posix_acl_*, which are inherited from the directory that the root happens to be in.
bool is_kept_xattr(std::string_view name) { return name == capability || name.starts_with("user."); }

bool may_have_xattrs(int directory, const char* name) {
  std::array<char, 512> list;
  const auto size = ::syscall(listxattrat, directory, name, AT_SYMLINK_NOFOLLOW, list.data(), list.size());
  if (size < 0) return errno != ENOTSUP;
  for (std::string_view rest(list.data(), static_cast<std::size_t>(size)); !rest.empty();) {
    const auto attribute = rest.substr(0, rest.find('\0'));
    if (is_kept_xattr(attribute)) return true;
    rest.remove_prefix(attribute.size() + 1);
  }
  return false;
}

std::map<std::string, std::string> read_xattrs(int fd) {
  std::map<std::string, std::string> attributes;
  const auto list = read_growing([fd](char* buffer, std::size_t size) { return ::flistxattr(fd, buffer, size); });
  if (!list) return attributes;
  for (std::size_t start = 0; start < list->size();) {
    const std::string name(list->c_str() + start);
    start += name.size() + 1;
    if (!is_kept_xattr(name)) continue;
    auto value = read_growing(
        [fd, &name](char* buffer, std::size_t size) { return ::fgetxattr(fd, name.c_str(), buffer, size); });
    if (!value) continue;
    attributes.emplace(name, name == capability ? without_namespace(std::move(*value)) : std::move(*value));
  }
  return attributes;
}

}  // namespace rpmoci

#include "layer/restored_entry.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include "failure.h"
#include "file_descriptor.h"
#include "layer/open_beneath.h"
#include "layer/xattr.h"
#include "quote.h"

namespace rpmoci {

namespace {

[[noreturn]] void throw_errno() { throw std::system_error(errno, std::generic_category()); }

bool is_device(const RestoredEntry& entry) { return S_ISCHR(entry.mode) || S_ISBLK(entry.mode); }

class Restorer {
 public:
  explicit Restorer(const std::string& root) : root_(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (!root_) throw Failure("BASE_UNPACK_FAILED", "cannot open " + quote(root) + ": " + reason(errno));
  }

  /// False for a device that this process may not make.
  bool make(const RestoredEntry& entry) {
    const auto [directory, name] = place_of(entry.path);
    const auto device = is_device(entry) ? makedev(entry.device_major, entry.device_minor) : 0;
    if (::mknodat(directory, name.c_str(), (entry.mode & S_IFMT) | 0600, device) == 0) return true;
    if (is_device(entry) && errno == EPERM) return false;
    throw_errno();
  }

  void restore(const RestoredEntry& entry) {
    const auto [directory, name] = place_of(entry.path);
    if (::fchownat(directory, name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0) throw_errno();
    const bool is_link = S_ISLNK(entry.mode);
    // A change of owner takes set-id bits and capabilities away.
    if (!is_link && ::fchmodat(directory, name.c_str(), entry.mode & 07777, 0) != 0) throw_errno();
    if (!entry.xattrs.empty() && (S_ISREG(entry.mode) || S_ISDIR(entry.mode))) set_xattrs(directory, name, entry);
    const std::array<timespec, 2> times{
        {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = entry.mtime, .tv_nsec = entry.mtime_nanoseconds}}};
    if (::utimensat(directory, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) throw_errno();
  }

 private:
  struct Place {
    int directory;
    std::string name;
  };

  /// The directory stays open until the next call: neighbours come one after the other.
  Place place_of(const std::string& path) {
    if (path.empty()) return {root_.get(), "."};
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return {root_.get(), path};
    auto parent = path.substr(0, slash);
    if (parent_path_ != parent) {
      parent_ = open_beneath(root_.get(), parent, O_PATH | O_DIRECTORY);
      parent_path_ = std::move(parent);
    }
    return {parent_.get(), path.substr(slash + 1)};
  }

  static void set_xattrs(int directory, const std::string& name, const RestoredEntry& entry) {
    const FileDescriptor file(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) throw_errno();
    for (const auto& [key, value] : entry.xattrs) {
      if (!is_kept_xattr(key)) continue;
      if (::fsetxattr(file.get(), key.c_str(), value.data(), value.size(), 0) != 0) throw_errno();
    }
  }

  const FileDescriptor root_;
  std::optional<std::string> parent_path_;
  FileDescriptor parent_;
};

/// EINVAL is what a user namespace answers to an id that it has not.
std::string reason_of(int error, const RestoredEntry& entry) {
  if (error != EINVAL) return reason(error);
  return "it belongs to the user " + std::to_string(entry.uid) + " and the group " + std::to_string(entry.gid) +
         ", and this user namespace has no such id";
}

}  // namespace

std::vector<std::string> restore_entries(const std::string& root, std::vector<RestoredEntry> entries,
                                         const std::atomic<bool>& cancelled) {
  Restorer restorer(root);
  std::vector<std::string> refused;
  const auto for_each = [&](auto act) {
    for (const auto& entry : entries) {
      if (cancelled) throw Failure("CANCELLED", "the base image was given up");
      try {
        act(entry);
      } catch (const std::system_error& error) {
        throw Failure("BASE_UNPACK_FAILED",
                      "cannot unpack " + quote("/" + entry.path) + ": " + reason_of(error.code().value(), entry));
      }
    }
  };
  for_each([&](const RestoredEntry& entry) {
    if ((is_device(entry) || S_ISFIFO(entry.mode)) && !restorer.make(entry)) refused.push_back(entry.path);
  });
  std::erase_if(entries, [&](const RestoredEntry& entry) {
    return is_device(entry) && std::ranges::find(refused, entry.path) != refused.end();
  });
  // Of paths that are sorted, what a directory holds comes behind it.
  std::ranges::sort(entries, std::ranges::greater(), &RestoredEntry::path);
  for_each([&](const RestoredEntry& entry) { restorer.restore(entry); });
  return refused;
}

}  // namespace rpmoci

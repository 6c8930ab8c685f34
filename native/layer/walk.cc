#include "layer/walk.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

#include "failure.h"
#include "file_descriptor.h"
#include "layer/quote.h"

namespace rpmoci {

namespace {

/// How many directories on the way down are kept open: enough for any real tree, and far below the usual limit of
/// 1,024.
constexpr std::size_t open_directories = 64;
constexpr int open_directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

FileDescriptor open_directory(int parent, const char* name, int flags = open_directory_flags) {
  FileDescriptor fd(::openat(parent, name, flags));
  if (!fd) throw std::system_error(errno, std::generic_category());
  return fd;
}

/// Sorted by unsigned bytes, which is how std::string compares.
std::vector<std::string> names_in(int directory) {
  FileDescriptor copy(::fcntl(directory, F_DUPFD_CLOEXEC, 0));
  if (!copy) throw std::system_error(errno, std::generic_category());
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(copy.get()));
  if (stream == nullptr) throw std::system_error(errno, std::generic_category());
  copy.release();
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) throw std::system_error(errno, std::generic_category());
  std::sort(names.begin(), names.end());
  return names;
}

class Walk {
 public:
  Walk(const std::string& root, const std::function<void(const WalkEntry&)>& visit) : root_(root), visit_(visit) {}

  void run() {
    try {
      // The root may be given as a symlink; it is the only one that is followed.
      auto fd = open_directory(AT_FDCWD, root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      const auto metadata = metadata_of(fd.get());
      device_ = metadata.device;
      enter(std::move(fd), metadata, ".");
      while (!levels_.empty()) step();
    } catch (const std::system_error& error) {
      fail("cannot read " + quote(host_path(root_, path_)) + ": " + reason(error.code().value()));
    }
  }

 private:
  struct Level {
    FileDescriptor fd;
    Metadata metadata;
    std::vector<std::string> names;
    std::size_t next = 0;
    std::size_t path_length = 0;
  };

  [[noreturn]] static void fail(const std::string& message) { throw Failure("LAYER_READ", message); }

  void step() {
    auto& level = levels_.back();
    path_.resize(level.path_length);
    if (level.next == level.names.size()) {
      leave();
      return;
    }
    const std::string name = std::move(level.names[level.next++]);
    if (!path_.empty()) path_ += '/';
    path_ += name;
    const int directory = level.fd.get();
    const auto metadata = metadata_at(directory, name.c_str());
    refuse_mount_point(metadata);
    if (!metadata.is_directory()) {
      visit_({path_, metadata, directory, name.c_str(), -1});
      return;
    }
    auto fd = open_directory(directory, name.c_str());
    const auto opened = metadata_of(fd.get());
    if (!opened.same_file(metadata)) refuse_change();
    enter(std::move(fd), opened, name.c_str());
  }

  void enter(FileDescriptor fd, const Metadata& metadata, const char* name) {
    Level level;
    level.metadata = metadata;
    level.path_length = path_.size();
    visit_({path_, level.metadata, levels_.empty() ? AT_FDCWD : levels_.back().fd.get(), name, fd.get()});
    level.names = names_in(fd.get());
    level.fd = std::move(fd);
    levels_.push_back(std::move(level));
    if (levels_.size() > open_directories) levels_[levels_.size() - 1 - open_directories].fd.reset();
  }

  void leave() {
    const auto left = std::move(levels_.back());
    levels_.pop_back();
    if (levels_.empty() || levels_.back().fd) return;
    auto& parent = levels_.back();
    path_.resize(parent.path_length);
    parent.fd = open_directory(left.fd.get(), "..");
    if (!metadata_of(parent.fd.get()).same_file(parent.metadata)) refuse_change();
  }

  void refuse_mount_point(const Metadata& metadata) const {
    // Only directories are compared by device: on overlayfs a file's device may differ from its directory's.
    const bool mounted =
        metadata.mount_point_known ? metadata.mount_point : metadata.is_directory() && metadata.device != device_;
    if (mounted) fail(quote(host_path(root_, path_)) + " is a mount point: what is mounted there is not the image's");
  }

  [[noreturn]] void refuse_change() const { fail(quote(host_path(root_, path_)) + " was replaced while it was read"); }

  const std::string& root_;
  const std::function<void(const WalkEntry&)>& visit_;
  std::string path_;
  std::vector<Level> levels_;
  std::uint64_t device_ = 0;
};

}  // namespace

void walk(const std::string& root, const std::function<void(const WalkEntry&)>& visit) { Walk(root, visit).run(); }

std::string host_path(const std::string& root, const std::string& path) {
  if (path.empty()) return root;
  return root.ends_with('/') ? root + path : root + '/' + path;
}

}  // namespace rpmoci

#include "layer/tree_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>

#include "failure.h"
#include "layer/quote.h"
#include "layer/xattr.h"
#include "parallel.h"

namespace rpmoci {

namespace {

[[noreturn]] void throw_errno() { throw std::system_error(errno, std::generic_category()); }

/// Of a directory that was just opened; sorted by unsigned bytes, which is how std::string compares. readdir would take
/// twice as many system calls.
std::vector<std::string> names_in(int directory) {
  alignas(dirent64) std::array<char, 32768> buffer;
  std::vector<std::string> names;
  while (true) {
    const auto size = ::getdents64(directory, buffer.data(), buffer.size());
    if (size < 0) throw_errno();
    if (size == 0) break;
    for (auto offset = decltype(size){0}; offset < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + offset);
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") names.emplace_back(name);
      offset += entry->d_reclen;
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// The size that lstat tells of a symlink is not to be relied on (it is 0 on some file systems).
std::string read_link(int directory, const char* name) {
  std::string target(256, '\0');
  while (true) {
    const auto size = ::readlinkat(directory, name, target.data(), target.size());
    if (size < 0) throw_errno();
    if (static_cast<std::size_t>(size) < target.size()) {
      target.resize(static_cast<std::size_t>(size));
      target.shrink_to_fit();
      return target;
    }
    target.resize(2 * target.size());
  }
}

std::unique_ptr<const Xattrs> xattrs_of(int fd) {
  auto found = read_xattrs(fd);
  return found.empty() ? nullptr : std::make_unique<const Xattrs>(std::move(found));
}

/// Directories that were seen and not read yet are a stack, so that few of them wait at a time.
class TreeScan {
 public:
  TreeScan(const RootTree& tree, Node& top, const std::atomic<bool>& cancelled)
      : tree_(tree), device_(top.metadata.device), cancelled_(cancelled), waiting_{&top}, unfinished_(1) {}

  void work() {
    while (auto* directory = next()) {
      read(*directory);
      const std::lock_guard lock(mutex_);
      for (auto& child : directory->children) {
        if (!child.metadata.is_directory()) continue;
        waiting_.push_back(&child);
        ++unfinished_;
      }
      --unfinished_;
      changed_.notify_all();
    }
  }

  void give_up() {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    changed_.notify_all();
  }

 private:
  /// Null when there are no more.
  Node* next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return failed_ || !waiting_.empty() || unfinished_ == 0; });
    if (failed_ || waiting_.empty()) return nullptr;
    if (cancelled_) throw Failure("CANCELLED", "the scan was given up");
    auto* directory = waiting_.back();
    waiting_.pop_back();
    return directory;
  }

  void read(Node& directory) const {
    const Node* at = &directory;
    try {
      const auto fd = tree_.open_directory(directory);
      if (!metadata_of(fd.get()).same_file(directory.metadata)) fail(directory, "was replaced while it was read");
      directory.xattrs = xattrs_of(fd.get());
      auto names = names_in(fd.get());
      directory.children.resize(names.size());
      for (std::size_t i = 0; i < names.size(); ++i) {
        auto& child = directory.children[i];
        at = &child;
        child.name = std::move(names[i]);
        child.parent = &directory;
        describe(child, fd.get());
      }
    } catch (const std::system_error& error) {
      throw Failure("LAYER_READ", "cannot read " + quote(tree_.host_path(*at)) + ": " + reason(error.code().value()));
    }
  }

  void describe(Node& node, int directory) const {
    const auto* name = node.name.c_str();
    node.metadata = metadata_at(directory, name);
    refuse_mount_point(node);
    if (node.name.starts_with(".wh.")) {
      fail(node, "has a name that an image layer takes for the deletion of a file");
    }
    if (node.metadata.is_symlink()) node.link_target = read_link(directory, name);
    if (!node.metadata.is_file() || !may_have_xattrs(directory, name)) return;
    // Without O_NONBLOCK, a FIFO that took the file's place would block here.
    const FileDescriptor fd(::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) throw_errno();
    node.xattrs = xattrs_of(fd.get());
  }

  void refuse_mount_point(const Node& node) const {
    const auto& metadata = node.metadata;
    // Only directories are compared by device: on overlayfs a file's device may differ from its directory's.
    const bool mounted =
        metadata.mount_point_known ? metadata.mount_point : metadata.is_directory() && metadata.device != device_;
    if (mounted) fail(node, "is a mount point: what is mounted there is not the image's");
  }

  [[noreturn]] void fail(const Node& node, const std::string& what) const {
    throw Failure("LAYER_READ", quote(tree_.host_path(node)) + ' ' + what);
  }

  const RootTree& tree_;
  const std::uint64_t device_;
  const std::atomic<bool>& cancelled_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Node*> waiting_;
  /// Directories that wait or are being read.
  std::size_t unfinished_;
  bool failed_ = false;
};

}  // namespace

void scan_tree(const RootTree& tree, Node& top, const Metadata& metadata, unsigned threads,
               const std::atomic<bool>& cancelled) {
  top.metadata = metadata;
  TreeScan scan(tree, top, cancelled);
  run_on_threads(
      threads, [&] { scan.work(); }, [&] { scan.give_up(); });
}

}  // namespace rpmoci

#include "layer/tree_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <system_error>
#include <vector>

#include "failure.h"
#include "layer/xattr.h"
#include "parallel.h"
#include "quote.h"

namespace rpmoci {

namespace {

[[noreturn]] void throw_errno() { throw std::system_error(errno, std::generic_category()); }

/// What a directory says of a name in it.
struct DirectoryEntry {
  std::string_view name;
  /// Not every file system tells.
  bool known_directory = false;
};

/// Fills `entries` with those of a directory that was just opened, sorted by their names' unsigned bytes, which is how
/// std::string_view compares. readdir would take twice as many system calls.
void read_entries(int directory, Arena& arena, std::vector<DirectoryEntry>& entries) {
  alignas(dirent64) std::array<char, 32768> buffer;
  entries.clear();
  while (true) {
    const auto size = ::getdents64(directory, buffer.data(), buffer.size());
    if (size < 0) throw_errno();
    if (size == 0) break;
    for (auto offset = decltype(size){0}; offset < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + offset);
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") entries.push_back({arena.text(name), entry->d_type == DT_DIR});
      offset += entry->d_reclen;
    }
  }
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
}

/// The size that lstat tells of a symlink is not to be relied on (it is 0 on some file systems).
std::string read_link(int directory, const char* name) {
  std::string target(256, '\0');
  while (true) {
    const auto size = ::readlinkat(directory, name, target.data(), target.size());
    if (size < 0) throw_errno();
    if (static_cast<std::size_t>(size) < target.size()) {
      target.resize(static_cast<std::size_t>(size));
      return target;
    }
    target.resize(2 * target.size());
  }
}

/// Directories that were seen and not read yet are a stack, so that few of them wait at a time.
class TreeScan {
 public:
  TreeScan(const RootTree& tree, Node& top, std::deque<NodeStorage>& storage, const std::atomic<bool>& cancelled)
      : tree_(tree), top_(top), cancelled_(cancelled), storage_(storage), waiting_{&top}, unfinished_(1) {}

  void work() {
    Reader reader(*this, new_storage());
    while (auto* directory = next()) {
      reader.read(*directory);
      const std::lock_guard lock(mutex_);
      for (auto& child : directory->children()) {
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
  /// What one thread reads with.
  class Reader {
   public:
    Reader(const TreeScan& scan, NodeStorage& storage) : scan_(scan), storage_(storage) {}

    void read(Node& directory) {
      const Node* at = &directory;
      try {
        const auto fd = scan_.tree_.open_directory(directory);
        directory.metadata = metadata_of(fd.get());
        scan_.refuse_mount_point(directory);
        directory.xattrs = xattrs_of(fd.get());
        read_entries(fd.get(), storage_.arena, entries_);
        const auto children = storage_.arena.array<Node>(entries_.size());
        for (std::size_t i = 0; i < children.size(); ++i) {
          auto& child = children[i];
          at = &child;
          child.name = entries_[i].name;
          child.parent = &directory;
          describe(child, entries_[i], fd.get());
        }
        directory.first_child = children.data();
        directory.child_count = static_cast<std::uint32_t>(children.size());
      } catch (const std::system_error& error) {
        throw Failure("LAYER_READ",
                      "cannot read " + quote(scan_.tree_.host_path(*at)) + ": " + reason(error.code().value()));
      }
    }

   private:
    void describe(Node& node, const DirectoryEntry& entry, int directory) {
      if (node.name.starts_with(".wh.")) {
        scan_.fail(node, "has a name that an image layer takes for the deletion of a file");
      }
      if (entry.known_directory) {
        // The rest is read when it is opened.
        node.metadata.mode = S_IFDIR;
        return;
      }
      const auto* name = node.name.data();
      node.metadata = metadata_at(directory, name);
      scan_.refuse_mount_point(node);
      if (node.metadata.is_symlink()) node.link_target = storage_.arena.text(read_link(directory, name));
      if (!node.metadata.is_file() || !may_have_xattrs(directory, name)) return;
      // Without O_NONBLOCK, a FIFO that took the file's place would block here.
      const FileDescriptor fd(::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
      if (!fd) throw_errno();
      node.xattrs = xattrs_of(fd.get());
    }

    const Xattrs* xattrs_of(int fd) {
      auto found = read_xattrs(fd);
      return found.empty() ? nullptr : &storage_.xattrs.emplace_back(std::move(found));
    }

    const TreeScan& scan_;
    NodeStorage& storage_;
    /// Of the directory that is being read.
    std::vector<DirectoryEntry> entries_;
  };

  NodeStorage& new_storage() {
    const std::lock_guard lock(mutex_);
    return storage_.emplace_back();
  }

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

  void refuse_mount_point(const Node& node) const {
    if (&node == &top_) return;
    const auto& metadata = node.metadata;
    // Only directories are compared by device: on overlayfs a file's device may differ from its directory's.
    const bool mounted = metadata.mount_point_known
                             ? metadata.mount_point
                             : metadata.is_directory() && metadata.device != top_.metadata.device;
    if (mounted) fail(node, "is a mount point: what is mounted there is not the image's");
  }

  [[noreturn]] void fail(const Node& node, const std::string& what) const {
    throw Failure("LAYER_READ", quote(tree_.host_path(node)) + ' ' + what);
  }

  const RootTree& tree_;
  /// Its metadata is there before anything below it is read.
  const Node& top_;
  const std::atomic<bool>& cancelled_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<NodeStorage>& storage_;
  std::vector<Node*> waiting_;
  /// Directories that wait or are being read.
  std::size_t unfinished_;
  bool failed_ = false;
};

}  // namespace

void scan_tree(const RootTree& tree, Node& top, std::deque<NodeStorage>& storage, unsigned threads,
               const std::atomic<bool>& cancelled) {
  TreeScan scan(tree, top, storage, cancelled);
  run_on_threads(
      threads, [&] { scan.work(); }, [&] { scan.give_up(); });
}

}  // namespace rpmoci

#include "layer/write_layer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "failure.h"
#include "file_descriptor.h"
#include "layer/hard_links.h"
#include "layer/quote.h"
#include "layer/tar_entry.h"
#include "layer/walk.h"
#include "layer/xattr.h"

namespace rpmoci {

namespace {

TarType type_of(const Metadata& metadata) {
  switch (metadata.mode & S_IFMT) {
    case S_IFDIR:
      return TarType::directory;
    case S_IFLNK:
      return TarType::symlink;
    case S_IFIFO:
      return TarType::fifo;
    case S_IFCHR:
      return TarType::character_device;
    case S_IFBLK:
      return TarType::block_device;
    default:
      return TarType::file;
  }
}

/// The size that lstat tells of a symlink is not to be relied on (it is 0 on some file systems).
std::string read_link(int directory, const char* name) {
  std::string target(256, '\0');
  while (true) {
    const auto size = ::readlinkat(directory, name, target.data(), target.size());
    if (size < 0) throw std::system_error(errno, std::generic_category());
    if (static_cast<std::size_t>(size) < target.size()) {
      target.resize(static_cast<std::size_t>(size));
      return target;
    }
    target.resize(2 * target.size());
  }
}

class LayerWriter {
 public:
  LayerWriter(const LayerRequest& request, const std::atomic<bool>& cancelled,
              std::function<void(std::uint64_t)> progress)
      : request_(request), cancelled_(cancelled), blob_(request.blob, cancelled, std::move(progress)) {}

  LayerResult run() {
    walk(request_.root, [this](const WalkEntry& entry) { add(entry); });
    blob_.put_zeros(2 * tar_block);
    result_.blob = blob_.finish();
    return std::move(result_);
  }

 private:
  void add(const WalkEntry& entry) {
    if (cancelled_) throw Failure("CANCELLED", "the layer was given up");
    if (std::string_view(entry.name).starts_with(".wh.")) {
      fail(entry, "has a name that an image layer takes for the deletion of a file");
    }
    if (entry.metadata.is_socket()) {
      result_.skipped_sockets.push_back(entry.path);
      return;
    }
    TarEntry tar = describe(entry);
    if (const auto* first = links_.first_path(entry.metadata, entry.path)) {
      tar.type = TarType::hard_link;
      tar.link_target = *first;
      put_header(entry, tar);
    } else if (entry.metadata.is_file()) {
      add_file(entry, tar);
    } else {
      if (entry.metadata.is_directory()) tar.xattrs = read_xattrs(entry.self);
      if (entry.metadata.is_symlink()) tar.link_target = read_link(entry.directory, entry.name);
      put_header(entry, tar);
    }
  }

  TarEntry describe(const WalkEntry& entry) const {
    const auto& metadata = entry.metadata;
    TarEntry tar;
    tar.path = entry.path.empty() ? "./" : metadata.is_directory() ? entry.path + '/' : entry.path;
    tar.type = type_of(metadata);
    tar.mode = metadata.mode & 07777;
    tar.uid = metadata.uid;
    tar.gid = metadata.gid;
    tar.mtime =
        metadata.mtime >= request_.build_start ? request_.max_mtime : std::min(metadata.mtime, request_.max_mtime);
    tar.device_major = metadata.device_major;
    tar.device_minor = metadata.device_minor;
    return tar;
  }

  void add_file(const WalkEntry& entry, TarEntry& tar) {
    // Without O_NONBLOCK, a FIFO that took the file's place would block here.
    const FileDescriptor fd(
        ::openat(entry.directory, entry.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) throw std::system_error(errno, std::generic_category());
    refuse_change(entry, fd.get());
    tar.size = entry.metadata.size;
    tar.xattrs = read_xattrs(fd.get());
    put_header(entry, tar);
    for (std::uint64_t left = tar.size; left > 0;) {
      const auto room = blob_.room();
      const auto count = ::read(fd.get(), room.data(), std::min<std::uint64_t>(left, room.size()));
      if (count < 0) {
        if (errno == EINTR) continue;
        throw std::system_error(errno, std::generic_category());
      }
      if (count == 0) fail(entry, "became shorter while it was read");
      blob_.commit(static_cast<std::size_t>(count));
      left -= static_cast<std::uint64_t>(count);
    }
    refuse_change(entry, fd.get());
    blob_.put_zeros(tar_padding(tar.size));
  }

  void put_header(const WalkEntry& entry, const TarEntry& tar) {
    try {
      blob_.put(tar_header(tar));
    } catch (const std::invalid_argument& error) {
      fail(entry, std::string("cannot be stored: ") + error.what());
    }
    ++result_.entries;
  }

  void refuse_change(const WalkEntry& entry, int fd) const {
    if (!metadata_of(fd).same_contents(entry.metadata)) fail(entry, "was changed while it was read");
  }

  [[noreturn]] void fail(const WalkEntry& entry, const std::string& what) const {
    throw Failure("LAYER_READ", quote(host_path(request_.root, entry.path)) + ' ' + what);
  }

  const LayerRequest& request_;
  const std::atomic<bool>& cancelled_;
  HardLinks links_;
  LayerResult result_;
  BlobWriter blob_;
};

}  // namespace

LayerResult write_layer(const LayerRequest& request, const std::atomic<bool>& cancelled,
                        std::function<void(std::uint64_t)> progress) {
  return LayerWriter(request, cancelled, std::move(progress)).run();
}

}  // namespace rpmoci

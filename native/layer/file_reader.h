// Contents of a tree's files.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "file_descriptor.h"
#include "layer/root_tree.h"
#include "sha256.h"

namespace rpmoci {

/// For one thread. Keeps the last file and its directory open, because neighbours are read one after the other.
class FileReader {
 public:
  /// Both must outlive it.
  FileReader(const RootTree& tree, const std::atomic<bool>& cancelled) : tree_(tree), cancelled_(cancelled) {}

  /// Fills `bytes` from `offset` on; holes of a sparse file are not read. Throws Failure("LAYER_READ") naming the file
  /// when it cannot be read, or is not what it was when the tree was read (by inode, size and times).
  /// Throws Failure("CANCELLED").
  void read(const Node& file, std::uint64_t offset, std::span<char> bytes);

  /// SHA-256 of all of a file's contents. Throws as `read`.
  Sha256Digest digest(const Node& file);

 private:
  void open(const Node& file);
  void read_data(const Node& file, std::uint64_t offset, std::span<char> bytes);
  void read_sparse(const Node& file, std::uint64_t offset, std::span<char> bytes);
  void refuse_change(const Node& file) const;
  [[noreturn]] void fail(const Node& file, const std::string& what) const;
  [[noreturn]] void fail(const Node& file, int error) const;

  const RootTree& tree_;
  const std::atomic<bool>& cancelled_;
  const Node* open_directory_ = nullptr;
  FileDescriptor directory_;
  const Node* open_file_ = nullptr;
  FileDescriptor file_;
};

}  // namespace rpmoci

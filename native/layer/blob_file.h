// The file of a blob.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "file_descriptor.h"

namespace rpmoci {

class BlobFile {
 public:
  /// Creates or truncates the file. Throws Failure("LAYER_WRITE"), as all of its functions do.
  explicit BlobFile(const std::string& path);

  void write(std::span<const char> bytes);
  void close();
  std::uint64_t size() const { return size_; }

 private:
  [[noreturn]] void fail(int error) const;

  const std::string path_;
  FileDescriptor fd_;
  std::uint64_t size_ = 0;
};

}  // namespace rpmoci

// A blob that is written to a file and hashed on the way.
#pragma once

#include <string>
#include <string_view>

#include "file_descriptor.h"
#include "layer/sha256.h"

namespace rpmoci {

class BlobFile {
 public:
  /// Creates or truncates the file. Throws Failure("LAYER_WRITE"), as all of its functions do.
  explicit BlobFile(const std::string& path);

  void write(std::string_view bytes);
  /// Closes the file. Returns the hexadecimal SHA-256 of all that was written.
  std::string finish();
  std::uint64_t size() const { return size_; }

 private:
  [[noreturn]] void fail(int error) const;

  const std::string path_;
  FileDescriptor fd_;
  Sha256 hash_;
  std::uint64_t size_ = 0;
};

}  // namespace rpmoci

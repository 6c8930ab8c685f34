#include "layer/blob_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "failure.h"
#include "quote.h"
#include "write_all.h"

namespace rpmoci {

BlobFile::BlobFile(const std::string& path)
    : path_(path), fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (!fd_) fail(errno);
}

void BlobFile::write(std::span<const char> bytes) {
  size_ += bytes.size();
  if (!write_all(fd_.get(), bytes)) fail(errno);
}

void BlobFile::close() {
  if (::close(fd_.release()) != 0) fail(errno);
}

void BlobFile::fail(int error) const {
  throw Failure("LAYER_WRITE", "cannot write " + quote(path_) + ": " + reason(error));
}

}  // namespace rpmoci

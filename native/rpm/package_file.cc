#include "rpm/package_file.h"

#include <fcntl.h>
#include <rpm/rpmlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "failure.h"

namespace rpmoci {

namespace {

/// The fixed-size lead that precedes the signature header (rpm's file format, versions 3 and later).
constexpr off_t kLeadSize = 96;

[[noreturn]] void unreadable(const std::string& path, const std::string& reason) {
  throw Failure("RPM_UNREADABLE", "cannot read the RPM file " + path + ": " + reason);
}

}  // namespace

OwnedStream open_package(const std::string& path) {
  // Without O_NONBLOCK a FIFO would keep us until somebody writes to it.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) unreadable(path, std::strerror(errno));
  struct stat status {};
  if (fstat(file.get(), &status) != 0) unreadable(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) unreadable(path, "it is not a regular file");
  OwnedStream stream(fdDup(file.get()));
  if (!stream || Ferror(stream.get())) unreadable(path, std::strerror(errno));
  return stream;
}

OwnedHeader read_package_header(rpmts transaction, FD_t stream, const std::string& path, const LogCapture& log) {
  Header raw = nullptr;
  const auto status = rpmReadPackageFile(transaction, stream, path.c_str(), &raw);
  OwnedHeader header(raw);
  if (status == RPMRC_NOTFOUND || status == RPMRC_FAIL || !header) {
    unreadable(path, log.summary("it is not an RPM file"));
  }
  return header;
}

OwnedHeader read_signature_header(FD_t stream) {
  if (Fseek(stream, kLeadSize, SEEK_SET) < 0) return nullptr;
  return OwnedHeader(headerRead(stream, HEADER_MAGIC_YES));
}

}  // namespace rpmoci

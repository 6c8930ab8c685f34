#include "solv/zstd_frames.h"

#include <sys/mman.h>
#include <unistd.h>

#include <vector>

#include "fuzz_target.h"
#include "solv/handles.h"
#include "solv/libsolv.h"

using namespace rpmoci;

/// Whole frames, whatever is in them, are read to an end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int fd = memfd_create("zstd", MFD_CLOEXEC);
  check(fd >= 0 && write(fd, data, size) == static_cast<ssize_t>(size));
  if (size == 0 || !has_whole_zstd_frames(fd)) {
    close(fd);
    return 0;
  }
  lseek(fd, 0, SEEK_SET);
  const FileHandle file(solv_xfopen_fd("metadata.zst", fd, "r"));
  check(file != nullptr);
  std::vector<char> buffer(1 << 16);
  // Repetitions can make much of little.
  for (int reads = 0; reads < 256 && std::fread(buffer.data(), 1, buffer.size(), file.get()) == buffer.size();) ++reads;
  return 0;
}

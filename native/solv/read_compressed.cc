#include "solv/read_compressed.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "failure.h"
#include "solv/compressed_file.h"
#include "solv/handles.h"

namespace rpmoci {

std::string read_compressed(const std::string& path, std::size_t limit) {
  const auto fail = [&](const std::string& reason) { return Failure("METADATA_UNREADABLE", path + ": " + reason); };
  const FileHandle file = open_compressed(path);
  if (!file) throw fail(errno != 0 ? std::strerror(errno) : "unknown compression");
  std::string contents;
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (contents.size() + count > limit) throw fail("it is larger than " + std::to_string(limit >> 20U) + " MiB");
    contents.append(buffer.data(), count);
    if (count < buffer.size()) break;
  }
  if (std::ferror(file.get()) != 0) throw fail("the data is damaged or truncated");
  return contents;
}

}  // namespace rpmoci

// Opens metadata files whatever they are called, and verifies what they unpack to while it is read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "solv/handles.h"
#include "solv/read_ahead.h"

namespace rpmoci {

/// What a metadata file must unpack to, as far as repomd.xml says.
struct OpenContents {
  /// The file's name in messages.
  std::string name;
  /// Bytes.
  std::optional<std::uint64_t> size;
  /// nettle's name of the algorithm; empty when there is no checksum.
  std::string algorithm;
  /// Lower-case hexadecimal digits.
  std::string checksum;
};

/// A file of metadata (gzip, xz, bzip2, zstd, or as it is: by its first bytes, since libsolv goes by the name alone).
/// Its uncompressed contents are read once, from beginning to end.
class CompressedFile {
 public:
  /// `root` is the name that the root element of XML must have; empty for contents of another kind.
  CompressedFile(const std::string& path, OpenContents expected, const std::string& root = {});
  ~CompressedFile();
  CompressedFile(const CompressedFile&) = delete;
  CompressedFile& operator=(const CompressedFile&) = delete;

  /// Null when the file cannot be opened; `fault` then says why. Reading fails at the first byte that is too much.
  std::FILE* get() const { return stream_.get(); }
  /// Reads what is left, and tells why the contents must not be used; empty when they are what they should be.
  std::string fault();

 private:
  class Source;

  std::unique_ptr<Source> source_;
  /// Unpacks, verifies and guards beside the parser, which takes as long.
  std::unique_ptr<ReadAhead> ahead_;
  FileHandle stream_;
};

}  // namespace rpmoci

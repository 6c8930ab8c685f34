// Metadata files as a whole in memory, for parsers that are not libsolv's.
#pragma once

#include <cstddef>
#include <string>

namespace rpmoci {

/// The uncompressed contents of `path`: gzip, xz, bzip2, zstd, or as they are. Throws Failure METADATA_UNREADABLE for a
/// file that cannot be read as a whole, or that holds more than `limit` bytes.
std::string read_compressed(const std::string& path, std::size_t limit);

}  // namespace rpmoci

// Opens metadata files whatever they are called: libsolv tells the compression by a file's name alone.
#pragma once

#include <string>

#include "solv/handles.h"

namespace rpmoci {

/// Opens `path` for reading its uncompressed contents (gzip, xz, bzip2, zstd, or as they are, by the first bytes). The
/// handle is empty on failure, `errno` then tells why, or is 0 for a compression that libsolv was built without.
FileHandle open_compressed(const std::string& path);

}  // namespace rpmoci

// Zstandard frames (RFC 8878), one for each block.
#pragma once

#include <memory>

#include "layer/compression.h"

namespace rpmoci {

std::unique_ptr<BlockCompressor> zstd_block_compressor(int level);

/// The version of zstd that is compiled in, "1.5.6" for example: compressed bytes may change with it.
const char* zstd_version();

}  // namespace rpmoci

// One gzip member (RFC 1952) of blocks that are compressed each by itself.
#pragma once

#include <memory>

#include "layer/compression.h"

namespace rpmoci {

std::unique_ptr<BlockCompressor> gzip_block_compressor(int level);

/// No name, MTIME 0, XFL 0, OS 255.
std::unique_ptr<BlobFrame> gzip_frame();

}  // namespace rpmoci

// What Zstandard frames (RFC 8878) unpack to.
#pragma once

#include <atomic>
#include <string>

namespace rpmoci {

/// The digest, in lower-case hexadecimal digits, of what a file unpacks to; `algorithm` is nettle's name of one. Throws
/// Failure("LAYER_READ"), also for a file that ends within a frame or needs a window of more than 128 MiB, and
/// Failure("CANCELLED") soon after `cancelled` is set.
std::string digest_zstd_contents(const std::string& path, const std::string& algorithm,
                                 const std::atomic<bool>& cancelled);

}  // namespace rpmoci

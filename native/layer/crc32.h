// CRC-32 of parts that were computed apart.
#pragma once

#include <cstdint>

namespace rpmoci {

/// The CRC-32 (RFC 1952, section 8) of two byte strings, one behind the other, from theirs and the second's length.
std::uint32_t combine_crc32(std::uint32_t first, std::uint32_t second, std::uint64_t second_size);

}  // namespace rpmoci

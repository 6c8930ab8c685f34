// Numbers in the byte order of file formats.
#pragma once

#include <cstdint>

namespace rpmoci {

/// Of four bytes.
inline uint32_t read_big_endian(const uint8_t* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
}

/// Into four bytes.
inline void write_big_endian(uint8_t* at, uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}

}  // namespace rpmoci

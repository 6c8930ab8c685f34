// Bytes as text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace rpmoci {

/// Lower-case hexadecimal digits.
inline std::string to_hex(const uint8_t* data, size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(size * 2);
  for (size_t i = 0; i < size; ++i) {
    text += kDigits[data[i] >> 4];
    text += kDigits[data[i] & 15];
  }
  return text;
}

}  // namespace rpmoci

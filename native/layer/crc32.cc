#include "layer/crc32.h"

namespace rpmoci {

namespace {

/// The CRC's polynomial; the highest bit of a number stands for the lowest power.
constexpr std::uint32_t polynomial = 0xEDB88320;
constexpr std::uint32_t one = 0x80000000;
/// x to the power of 8: what a byte of zeros multiplies by.
constexpr std::uint32_t byte_shift = one >> 8;

/// The product of two polynomials over the field of two elements, modulo the CRC's.
constexpr std::uint32_t multiply(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (auto bit = one; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b & 1) != 0 ? b >> 1 ^ polynomial : b >> 1;
  }
  return product;
}

}  // namespace

std::uint32_t combine_crc32(std::uint32_t first, std::uint32_t second, std::uint64_t second_size) {
  auto factor = one;
  for (auto power = byte_shift; second_size > 0; second_size >>= 1, power = multiply(power, power)) {
    if ((second_size & 1) != 0) factor = multiply(factor, power);
  }
  return multiply(factor, first) ^ second;
}

}  // namespace rpmoci

// SHA-256's compression function, of one or two messages at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rpmoci {

/// Whether the processor has instructions for SHA-256, and so the functions below may be called.
bool has_sha256_unit();

/// Takes `count` blocks of 64 bytes each into a state of eight words (FIPS 180-4, 6.2.2).
void sha256_blocks(std::uint32_t* state, const std::uint8_t* data, std::size_t count);

/// The same for two messages. Steps of one wait for each other, so that two take hardly longer than one.
void sha256_blocks_of_two(std::uint32_t* state_a, const std::uint8_t* data_a, std::uint32_t* state_b,
                          const std::uint8_t* data_b, std::size_t count);

}  // namespace rpmoci

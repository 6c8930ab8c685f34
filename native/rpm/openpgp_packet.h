// The outermost form of OpenPGP data: a sequence of packets (RFC 9580, section 4).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace rpmoci {

/// A part of somebody else's buffer.
struct Bytes {
  const uint8_t* data;
  size_t size;

  /// Big-endian number of `width` bytes at `at`; nothing when it lies outside.
  std::optional<uint64_t> number(size_t at, size_t width) const {
    if (at > size || width > size - at) return std::nullopt;
    uint64_t value = 0;
    for (size_t i = 0; i < width; ++i) value = value << 8 | data[at + i];
    return value;
  }
  /// The part from `at` on, at most `length` long.
  Bytes part(size_t at, size_t length) const {
    at = std::min(at, size);
    return {data + at, std::min(length, size - at)};
  }
};

enum PacketTag : uint8_t { kSignature = 2, kPrimaryKey = 6, kSubkey = 14 };

struct Packet {
  uint8_t tag;
  Bytes body;
  /// With its header.
  Bytes whole;
};

/// Takes one packet off the front. Nothing at the end, for a packet that is cut short, and for partial lengths, which
/// neither certificates nor signatures have.
std::optional<Packet> next_packet(Bytes& rest);

}  // namespace rpmoci

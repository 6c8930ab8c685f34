#include "rpm/openpgp_packet.h"

namespace rpmoci {

std::optional<Packet> next_packet(Bytes& rest) {
  const auto head = rest.number(0, 1);
  if (!head || (*head & 0x80) == 0) return std::nullopt;
  size_t header_size = 0;
  std::optional<uint64_t> length;
  uint8_t tag = 0;
  if (*head & 0x40) {
    tag = *head & 0x3f;
    const auto first = rest.number(1, 1);
    if (!first) return std::nullopt;
    if (*first < 192) {
      header_size = 2;
      length = *first;
    } else if (*first < 224) {
      header_size = 3;
      if (const auto second = rest.number(2, 1)) length = ((*first - 192) << 8) + *second + 192;
    } else if (*first == 255) {
      header_size = 6;
      length = rest.number(2, 4);
    }
  } else {
    tag = *head >> 2 & 0x0f;
    if ((*head & 3) == 3) return std::nullopt;
    const size_t width = size_t{1} << (*head & 3);
    header_size = 1 + width;
    length = rest.number(1, width);
  }
  if (!length || header_size > rest.size || *length > rest.size - header_size) return std::nullopt;
  const Packet packet{tag, rest.part(header_size, *length), rest.part(0, header_size + *length)};
  rest = rest.part(header_size + *length, rest.size);
  return packet;
}

}  // namespace rpmoci

#include "rpm/armour.h"

namespace rpmoci {

std::vector<std::string> armoured_blocks(std::string_view text, const std::string& label) {
  const auto begin = "-----BEGIN PGP " + label + "-----";
  const auto finish = "-----END PGP " + label + "-----";
  std::vector<std::string> blocks;
  bool inside = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (line == begin) {
      blocks.emplace_back();
      inside = true;
    }
    if (!inside) continue;
    blocks.back().append(line).push_back('\n');
    if (line == finish) inside = false;
  }
  if (inside) blocks.pop_back();
  return blocks;
}

}  // namespace rpmoci

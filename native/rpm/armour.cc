#include "rpm/armour.h"

#include <rpm/rpmbase64.h>

#include <algorithm>

#include "rpm/handles.h"

namespace rpmoci {

namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n";

}  // namespace

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

std::optional<std::string> decode_armour(std::string_view block) {
  const auto headers_end = block.find("\n\n");
  if (headers_end == std::string_view::npos) return std::nullopt;
  auto body = block.substr(headers_end + 2);
  // The checksum's line begins with `=`, which base64 has at the end of a line only.
  const auto end = std::min(body.find("\n="), body.find("\n-----END PGP "));
  if (end == std::string_view::npos) return std::nullopt;
  const std::string text(body.substr(0, end));
  if (text.find_first_not_of(kBase64) != std::string::npos) return std::nullopt;
  void* raw = nullptr;
  size_t size = 0;
  if (rpmBase64Decode(text.c_str(), &raw, &size) != 0) return std::nullopt;
  const Malloced<void> bytes(raw);
  return std::string(static_cast<const char*>(raw), size);
}

}  // namespace rpmoci

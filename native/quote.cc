#include "quote.h"

#include <array>
#include <cstdio>
#include <system_error>

namespace rpmoci {

std::string quote(std::string_view path) {
  std::string text = "\"";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 5> escape{};
      std::snprintf(escape.data(), escape.size(), "\\x%02x", byte);
      text += escape.data();
    } else {
      text += c;
    }
  }
  return text + '"';
}

std::string reason(int error) { return std::generic_category().message(error); }

}  // namespace rpmoci

#include "transfer/answer.h"

#include <charconv>
#include <optional>

namespace rpmoci {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_named(std::string_view name, std::string_view lower) {
  if (name.size() != lower.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char letter = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] | 0x20) : name[i];
    if (letter != lower[i]) return false;
  }
  return true;
}

/// The number at the start of a text.
template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace

void Answer::read_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    *this = {};
    const auto space = line.find(' ');
    if (space != std::string_view::npos) status_ = number_of<long>(trimmed(line.substr(space))).value_or(0);
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const auto name = trimmed(line.substr(0, colon));
  const auto value = trimmed(line.substr(colon + 1));
  if (is_named(name, "content-range")) {
    if (value.starts_with("bytes ")) first_byte_ = number_of<std::uint64_t>(trimmed(value.substr(6))).value_or(0);
  } else if (is_named(name, "etag")) {
    if (value.starts_with('"')) etag_ = value;
  } else if (is_named(name, "last-modified")) {
    last_modified_ = value;
  } else if (is_named(name, "retry-after")) {
    retry_after_ = number_of<std::int64_t>(value).value_or(-1);
  }
}

}  // namespace rpmoci

#include "solv/nevra_pattern.h"

#include <fnmatch.h>

#include <charconv>
#include <string_view>

namespace rpmoci {

namespace {

/// Characters of relations, file paths and rich dependencies, which no part of a package's name has.
constexpr std::string_view kForeign = ":(/=<> ";

bool is_part(std::string_view text) { return !text.empty() && text.find_first_of(kForeign) == std::string_view::npos; }

/// Takes what follows the last `separator` off `rest`; nothing when there is none.
std::optional<std::string_view> cut_last(std::string_view& rest, char separator) {
  const auto at = rest.rfind(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const auto part = rest.substr(at + 1);
  rest = rest.substr(0, at);
  return part;
}

bool read_version(std::string_view part, NevraPattern& pattern) {
  if (const auto colon = part.find(':'); colon != std::string_view::npos) {
    unsigned long epoch = 0;
    const auto* end = part.data() + colon;
    const auto [stop, error] = std::from_chars(part.data(), end, epoch);
    if (error != std::errc() || stop != end) return false;
    pattern.epoch = epoch;
    part.remove_prefix(colon + 1);
  }
  if (!is_part(part)) return false;
  pattern.version = part;
  return true;
}

}  // namespace

std::optional<NevraPattern> parse_nevra(const std::string& text, NevraForm form) {
  NevraPattern pattern;
  std::string_view rest = text;
  if (form == NevraForm::kNevra || form == NevraForm::kNameArch) {
    const auto arch = cut_last(rest, '.');
    if (!arch || !is_part(*arch) || arch->find('-') != std::string_view::npos) return std::nullopt;
    pattern.arch = *arch;
  }
  if (form == NevraForm::kNevra || form == NevraForm::kNevr) {
    const auto release = cut_last(rest, '-');
    if (!release || !is_part(*release)) return std::nullopt;
    pattern.release = *release;
  }
  if (form == NevraForm::kNevra || form == NevraForm::kNevr || form == NevraForm::kNev) {
    const auto version = cut_last(rest, '-');
    if (!version || !read_version(*version, pattern)) return std::nullopt;
  }
  if (!is_part(rest)) return std::nullopt;
  pattern.name = rest;
  return pattern;
}

bool is_glob(const std::string& text) { return text.find_first_of("*?[") != std::string::npos; }

bool matches_text(const std::string& pattern, const char* text) {
  return is_glob(pattern) ? fnmatch(pattern.c_str(), text, 0) == 0 : pattern == text;
}

}  // namespace rpmoci

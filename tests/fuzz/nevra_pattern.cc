#include "solv/nevra_pattern.h"

#include "fuzz_target.h"

using namespace rpmoci;

namespace {

/// The text that was read, but for the digits of the epoch.
std::size_t length_without_epoch(const NevraPattern& pattern) {
  const auto behind = [](const std::string& part) { return part.empty() ? 0 : part.size() + 1; };
  return pattern.name.size() + behind(pattern.version) + behind(pattern.release) + behind(pattern.arch);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = to_text(data, size);
  for (const auto form : kNevraForms) {
    const auto pattern = parse_nevra(text, form);
    if (!pattern) continue;
    check(!pattern->name.empty() && text.starts_with(pattern->name));
    const auto length = length_without_epoch(*pattern);
    check(pattern->epoch ? length + 2 <= text.size() : length == text.size());
    check(pattern->has_just_name() == (form == NevraForm::kName));
  }
  matches_text(text, "package-1.0");
  if (text.size() < 256 && text.find('\0') == std::string::npos) matches_text(text, text.c_str());
  return 0;
}

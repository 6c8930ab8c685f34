#include "solv/xml_guard.h"

#include "fuzz_target.h"

using namespace rpmoci;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = to_text(data, size);
  XmlGuard whole("metadata");
  const bool accepted = whole.feed(text);
  check(accepted == whole.fault().empty());
  // How the bytes come in does not matter.
  XmlGuard pieces("metadata");
  bool still = true;
  for (const char byte : text) still = still && pieces.feed({&byte, 1});
  check(still == accepted && pieces.fault() == whole.fault());
  return 0;
}

#include "rpm/armour.h"

#include "fuzz_target.h"

using namespace rpmoci;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = to_text(data, size);
  for (const char* label : {"PUBLIC KEY BLOCK", "SIGNATURE"}) {
    for (const auto& block : armoured_blocks(text, label)) {
      check(block.starts_with("-----BEGIN PGP "));
      check(block.size() <= text.size() + 1);
      if (const auto bytes = decode_armour(block)) check(bytes->size() < block.size());
    }
  }
  decode_armour(text);
  return 0;
}

#include "fuzz_target.h"
#include "rpm/certificate.h"
#include "rpm/openpgp_packet.h"
#include "rpm/openpgp_signature.h"

using namespace rpmoci;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes rest{data, size};
  std::size_t keys = 0;
  std::size_t read = 0;
  while (const auto packet = next_packet(rest)) {
    check(packet->whole.size > 0 && packet->body.size < packet->whole.size);
    read += packet->whole.size;
    if (packet->tag == kPrimaryKey || packet->tag == kSubkey) ++keys;
    const auto signature = read_signature(packet->body);
    if (signature) check(signature->issuer.empty() || signature->issuer.size() == 16);
  }
  check(read + rest.size == size);
  const auto validities = key_validities(data, size);
  check(validities.size() == keys);
  for (const auto& key : validities) {
    key.objection(0);
    key.objection(1'700'000'000);
    key.objection(-1);
  }
  return 0;
}

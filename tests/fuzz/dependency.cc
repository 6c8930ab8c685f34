#include "solv/dependency.h"

#include "fuzz_target.h"
#include "solv/handles.h"

using namespace rpmoci;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const PoolHandle pool(pool_create());
  pool_setdisttype(pool.get(), DISTTYPE_RPM);
  const auto text = to_text(data, size);
  if (const auto parts = split_dependency(text)) {
    check(!parts->name.empty());
    check((parts->relation == 0) == parts->evr.empty());
  }
  const Id dependency = parse_dependency(pool.get(), text);
  if (dependency == 0) return 0;
  // Equal texts have equal Ids, and can be written.
  check(parse_dependency(pool.get(), text) == dependency);
  check(*pool_dep2str(pool.get(), dependency) != '\0');
  return 0;
}

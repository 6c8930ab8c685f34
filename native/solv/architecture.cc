#include "solv/architecture.h"

namespace rpmoci {

bool is_source_architecture(std::string_view arch) { return arch == "src" || arch == "nosrc"; }

}  // namespace rpmoci

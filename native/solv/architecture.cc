#include "solv/architecture.h"

#include <algorithm>
#include <array>

namespace rpmoci {

namespace {

struct Variant {
  std::string_view name;
  std::string_view base;
};

constexpr std::array kVariants = {
    Variant{"amd64", "x86_64"},       Variant{"ia32e", "x86_64"},     Variant{"x86_64_v2", "x86_64"},
    Variant{"x86_64_v3", "x86_64"},   Variant{"x86_64_v4", "x86_64"}, Variant{"athlon", "i386"},
    Variant{"geode", "i386"},         Variant{"i486", "i386"},        Variant{"i586", "i386"},
    Variant{"i686", "i386"},          Variant{"armv6hl", "armhfp"},   Variant{"armv7hl", "armhfp"},
    Variant{"armv7hnl", "armhfp"},    Variant{"armv8hl", "armhfp"},   Variant{"armv5tejl", "arm"},
    Variant{"armv5tel", "arm"},       Variant{"armv5tl", "arm"},      Variant{"armv6l", "arm"},
    Variant{"armv7l", "arm"},         Variant{"armv8l", "arm"},       Variant{"ppc64iseries", "ppc64"},
    Variant{"ppc64pseries", "ppc64"}, Variant{"ppc64p7", "ppc64"},
};

}  // namespace

std::string_view base_architecture(std::string_view arch) {
  const auto* found = std::ranges::find(kVariants, arch, &Variant::name);
  return found == kVariants.end() ? arch : found->base;
}

bool is_source_architecture(std::string_view arch) { return arch == "src" || arch == "nosrc"; }

}  // namespace rpmoci

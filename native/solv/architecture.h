// Which of rpm's architecture names mean the same base architecture.
#pragma once

#include <string_view>

namespace rpmoci {

/// The name that stands for all variants of an architecture: `i686` and `i586` have the same, `x86_64` has another.
std::string_view base_architecture(std::string_view arch);

/// True for source packages, which are never installed.
bool is_source_architecture(std::string_view arch);

}  // namespace rpmoci

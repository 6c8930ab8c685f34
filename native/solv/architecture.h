// What rpm's names of architectures mean.
#pragma once

#include <string_view>

namespace rpmoci {

/// True for source packages, which are never installed.
bool is_source_architecture(std::string_view arch);

}  // namespace rpmoci

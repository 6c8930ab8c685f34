// Whether bytes are UTF-8.
#pragma once

#include <string_view>

namespace rpmoci {

/// As RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes);

}  // namespace rpmoci

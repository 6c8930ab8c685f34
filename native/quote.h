// Paths and reasons of the system as they appear in messages.
#pragma once

#include <string>
#include <string_view>

namespace rpmoci {

/// The path between double quotes, with control characters, quotes and backslashes as C escapes: a newline in a name
/// must not break a message into two. Other bytes are kept, whatever their encoding.
std::string quote(std::string_view path);

/// The system's words for an errno value. Safe on any thread.
std::string reason(int error);

}  // namespace rpmoci

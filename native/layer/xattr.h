// The extended attributes that an image carries.
#pragma once

#include <map>
#include <string>

namespace rpmoci {

/// Name to value (bytes) of `security.capability`, in its form without a namespace, and of all of `user.*`.
/// Throws std::system_error.
std::map<std::string, std::string> read_xattrs(int fd);

}  // namespace rpmoci

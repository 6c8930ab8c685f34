// The extended attributes that an image carries.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace rpmoci {

/// Whether images carry the attribute of this name: `security.capability` and all of `user.*`.
bool is_kept_xattr(std::string_view name);

/// False when the file of this name in a directory has none that an image carries. It takes one system call instead of
/// the three that opening takes, and where the kernel does not know it, the answer is true.
bool may_have_xattrs(int directory, const char* name);

/// Name to value (bytes) of `security.capability`, in its form without a namespace, and of all of `user.*`.
/// Throws std::system_error.
std::map<std::string, std::string> read_xattrs(int fd);

}  // namespace rpmoci

// The extended attributes that an image carries.
#pragma once

#include <map>
#include <string>

namespace rpmoci {

/// Name to value (bytes) of `security.capability`, in its form without a namespace, and of all of `user.*`.
/// Throws std::system_error.
std::map<std::string, std::string> read_xattrs(int fd);

/// Whether `read_xattrs` may find something in the file of that name, which is not followed if it is a symlink. Costs a
/// third of opening it to look. Always true before Linux 6.13, and where a sandbox does not know the system call.
bool may_have_xattrs(int directory, const char* name);

}  // namespace rpmoci

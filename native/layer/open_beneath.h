// Opening what is below a directory, without ever leaving it.
#pragma once

#include <string>

#include "file_descriptor.h"

namespace rpmoci {

/// Opens `path`, relative to the open directory `root` (empty: the directory itself). No symlink is followed on the way
/// or at the end, so that nothing outside of `root` can be reached. The path may be longer than PATH_MAX. O_CLOEXEC and
/// O_NOFOLLOW are added to `flags`. Throws std::system_error.
FileDescriptor open_beneath(int root, const std::string& path, int flags);

}  // namespace rpmoci

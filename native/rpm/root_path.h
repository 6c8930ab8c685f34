// Paths inside a root directory that is not the process's own.
#pragma once

#include <string>

namespace rpmoci {

/// Where `path` (absolute, as seen from inside `root`) lies on this machine, with every symlink followed as it would be
/// after a chroot to `root`: an absolute link never leads out of it, nor does "..". The last components may be missing.
/// Throws Failure("RPMDB_UNREADABLE") for a loop of links. Not for a root that somebody else changes meanwhile.
std::string resolve_in_root(const std::string& root, const std::string& path);

}  // namespace rpmoci

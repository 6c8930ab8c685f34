// One pass over a tree of files, in the order of the archive.
#pragma once

#include <functional>
#include <string>

#include "layer/metadata.h"

namespace rpmoci {

/// Valid only during the call of the visitor that gets it.
struct WalkEntry {
  /// Relative to the root, without a leading or trailing slash; empty for the root itself. Bytes of any encoding.
  const std::string& path;
  const Metadata& metadata;
  /// What to open to read the entry: `name` in `directory` or, for a directory, the descriptor `self`.
  int directory;
  const char* name;
  int self;
};

/// Visits the root and everything below it. Paths are ordered as lists of names and names as unsigned bytes: a
/// directory comes right before what it holds, and "a/b" before "a-b".
///
/// Symlinks are not followed. Nothing depends on PATH_MAX or on the depth of the tree: every call is relative to a
/// directory's descriptor, of which a fixed number is open at a time. A mount point below the root is refused: its
/// contents (/proc, a bind-mounted resolv.conf) are the host's and would end up in the image.
///
/// Throws Failure("LAYER_READ") that names the path; std::system_error from the visitor becomes one, too.
void walk(const std::string& root, const std::function<void(const WalkEntry&)>& visit);

/// The path on this machine of an entry, for messages.
std::string host_path(const std::string& root, const std::string& path);

}  // namespace rpmoci

// Removing packages from a root directory.
#pragma once

#include <string>
#include <vector>

#include "rpm/installed.h"
#include "rpm/scriptlet_watch.h"

namespace rpmoci {

struct Erasure {
  /// NEVRAs, sorted.
  std::vector<std::string> erased;
  /// What scriptlets printed, then librpm's warnings.
  std::string log;
};

/// `rpm --erase --nodeps` of every package with one of the names; a name that is not installed is ignored. Scriptlets
/// and triggers run inside the root; with `perform`, those that are not in Lua are left to it. Changes this process's
/// root directory and back, its umask and its signals while it runs: for a process of its own with the right to chroot.
/// The host's plugins and configuration have no part in it. Throws Failure("RPMDB_UNREADABLE") or
/// Failure("RPM_ERASE_FAILED") with librpm's reasons; some packages may be gone then.
Erasure erase_packages(const RootDatabase& database, const std::vector<std::string>& names,
                       const ScriptletWatch::Perform& perform);

}  // namespace rpmoci

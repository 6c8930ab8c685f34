// Installing packages into a root directory.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rpm/installed.h"
#include "rpm/scriptlet_watch.h"

namespace rpmoci {

struct InstallationRequest {
  RootDatabase database;
  /// Paths of RPM files.
  std::vector<std::string> packages;
  /// A directory that is there and empty, of the same mount as the root: files are unpacked there ahead.
  std::string unpacked;
  /// How many processes unpack; none leaves it to librpm.
  unsigned unpackers = 0;
  bool docs = true;
  /// The root has packages, which give way to those of the request that have their names or obsolete them.
  bool upgrade = false;
  /// Packages may be of an architecture that this machine does not have.
  bool foreign = false;
  /// When there is one, scriptlets other than those in Lua are left to it.
  ScriptletWatch::Perform perform;
  /// Names and values of librpm's macros that the transaction is to have.
  std::vector<std::pair<std::string, std::string>> macros;
};

struct Installation {
  /// Scriptlets that failed without failing the transaction, as in `%post of bash-5.2-1.x86_64`.
  std::vector<std::string> failed_scriptlets;
  /// librpm's warnings.
  std::vector<std::string> warnings;
};

/// `rpm --install` of the files, or `rpm --upgrade`, in one transaction. Tells on standard output, a line each,
/// which package and which scriptlet is at work, and lets scriptlets print there. Nothing is verified again. Changes
/// this process's root directory and back, its umask and its signals while it runs, and lets it die with its parent:
/// for a process of its own with the right to chroot. The host's plugins and configuration have no part in it. Throws
/// Failure("RPM_UNREADABLE") that names a file, or Failure("RPM_INSTALL_FAILED") with librpm's reasons, a line each;
/// the root is of no use then.
Installation install_packages(const InstallationRequest& request);

}  // namespace rpmoci

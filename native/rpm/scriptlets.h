// Scriptlets and triggers of packages, as plain data.
#pragma once

#include <string>
#include <vector>

#include "rpm/installed.h"

namespace rpmoci {

struct Scriptlet {
  /// NEVRA of the package that has it.
  std::string package;
  /// As `scriptlet_phase` has it.
  std::string phase;
  /// A trigger on other packages or on files: a package may have several of a phase.
  bool trigger;
  /// The interpreter with its arguments; `<lua>` for librpm's own.
  std::vector<std::string> program;
  /// What the interpreter is given; empty when it is run without.
  std::string body;
  /// librpm expands macros or tags in the body first.
  bool expanded;
};

/// Those that run when the RPM files are installed into an empty root, triggers that they set off included, in the
/// order of the files. Nothing is verified. Throws Failure("RPM_UNREADABLE").
std::vector<Scriptlet> scriptlets_of_installation(const std::vector<std::string>& paths);

/// Those that run when packages of these names are removed. Throws Failure("RPMDB_UNREADABLE").
std::vector<Scriptlet> scriptlets_of_erasure(const RootDatabase& database, const std::vector<std::string>& names);

}  // namespace rpmoci

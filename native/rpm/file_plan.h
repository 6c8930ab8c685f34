// What librpm is going to do with the files of a transaction that fills an empty root.
#pragma once

#include <rpm/rpmfiles.h>
#include <rpm/rpmts.h>

#include <optional>
#include <string>
#include <vector>

#include "rpm/handles.h"

namespace rpmoci {

using OwnedFiles = Owned<rpmfiles, rpmfilesFree>;

struct PackagePlan {
  /// Of the RPM file.
  std::string path;
  std::string nevra;
  OwnedFiles files;
  /// By the index of a file: it stays out, as documentation, for its language, or as a directory that has nothing else
  /// (FA_SKIPNSTATE).
  std::vector<bool> left_out;
  /// By the index of a file: there is nothing to do, since another package has just done it, or for a %ghost (FA_SKIP).
  std::vector<bool> done;
  /// Nothing about these files is so special that only librpm should do it: devices, capabilities, and files that
  /// several packages have.
  bool plain = true;

  bool makes(int file) const { return !left_out[file] && !done[file]; }
  /// Of a file's hard links, or of itself alone, the first that is made.
  std::optional<int> first_made_name(int file) const;
};

/// In the order of the transaction, whose elements are to be ordered, and only installed. Which languages are installed
/// is in librpm's macros.
std::vector<PackagePlan> plan_files(rpmts transaction, bool docs);

}  // namespace rpmoci

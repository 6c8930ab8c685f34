// Files of packages, as librpm would put them into a root.
#pragma once

#include <string>
#include <string_view>

#include "file_descriptor.h"
#include "rpm/file_plan.h"

namespace rpmoci {

class Placement {
 public:
  /// The directories must outlive it: that of the root, and that which Unpackers filled, of the same mount.
  Placement(const FileDescriptor& root, const FileDescriptor& unpacked) : root_(root), unpacked_(unpacked) {}

  /// Moves what was unpacked of a plain package to where it belongs, and makes its directories and symlinks. Users and
  /// groups are looked up in the current root directory. False when librpm has to do it, because something is there
  /// already or cannot be made: it replaces what has been made until then.
  bool place(const PackagePlan& plan, std::size_t package);

 private:
  bool place_all(const PackagePlan& plan, const FileDescriptor& contents);
  bool place_file(const PackagePlan& plan, const FileDescriptor& contents, int index, const struct stat& status);
  bool place_directory(const char* name, const struct stat& status);
  bool place_symlink(const char* name, const char* target, const struct stat& status);
  bool go_to(std::string_view path);

  const FileDescriptor& root_;
  const FileDescriptor& unpacked_;
  /// The one that was used last, because neighbours come one after the other.
  std::string directory_name_;
  FileDescriptor directory_;
};

}  // namespace rpmoci

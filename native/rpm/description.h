// All that an installed package says about itself and its files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rpm/handles.h"

namespace rpmoci {

struct FileDescription {
  std::string path;
  std::string user;
  std::string group;
  std::string link_target;
  /// The text of cap_to_text(3); empty when there are none.
  std::string capabilities;
  /// Lower-case hexadecimal digits; empty for what has none.
  std::string digest;
  /// rpm's number of the digest's algorithm.
  int digest_algorithm = 0;
  std::uint64_t size = 0;
  /// Type and permissions, as stat(2) has them.
  std::uint32_t mode = 0;
  /// rpmfileAttrs.
  std::uint32_t flags = 0;
  /// rpmVerifyFlags: what is to be verified.
  std::uint32_t verify_flags = 0;
  /// rpmfileState.
  int state = 0;
};

struct ChangelogEntry {
  std::uint32_t time = 0;
  std::string author;
  std::string text;
};

struct PackageDescription {
  std::string name;
  std::string evr;
  std::string arch;
  std::string source_rpm;
  /// The latest first, as packages have them.
  std::vector<ChangelogEntry> changelog;
  std::vector<FileDescription> files;
};

/// Of one header, under RpmLibrary's lock.
PackageDescription describe_package(Header header);

/// The changelog of an RPM file, whose signatures are not verified. Throws Failure("RPM_UNREADABLE").
std::vector<ChangelogEntry> read_changelog(const std::string& path);

}  // namespace rpmoci

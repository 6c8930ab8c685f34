// What a package's header says, as plain data. Nothing here is verified.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rpm/handles.h"

namespace rpmoci {

struct PackageHeader {
  std::string name;
  /// `[epoch:]version-release`; the epoch only when it is not 0.
  std::string evr;
  std::optional<uint32_t> epoch;
  std::string version;
  std::string release;
  /// `src` for a source package.
  std::string arch;
  std::string source_rpm;
  std::string vendor;
  std::string license;
  /// The untranslated one, whatever the locale.
  std::string summary;
  uint64_t installed_size;
  std::vector<std::string> requires_;
  std::vector<std::string> provides;
  bool has_signature;
  std::vector<std::string> owned_probe_paths;
};

/// Reads one RPM file. Throws Failure("RPM_UNREADABLE") that names it. `probe_paths` in any order; the result keeps it.
PackageHeader read_package(const std::string& path, const std::vector<std::string>& probe_paths);

/// A string tag in its untranslated form; empty when the header lacks it.
std::string string_tag(Header header, rpmTagVal tag);

/// The texts of a tag, sorted, without repeats.
std::vector<std::string> sorted_strings(Header header, rpmTagVal tag);

/// `[epoch:]version-release`; the epoch only when it is not 0.
std::string evr_of(Header header);

/// True for the tags of a signature header that sign the package, unlike those for single files (IMA, fs-verity).
bool has_package_signature(Header signature_header);

}  // namespace rpmoci

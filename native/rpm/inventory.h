// What a root's database tells about a package that is installed there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rpm/handles.h"

namespace rpmoci {

struct InventoryPackage {
  std::string name;
  std::optional<uint32_t> epoch;
  std::string version;
  std::string release;
  /// Empty for what has none, such as an imported key.
  std::string arch;
  std::string license;
  std::string vendor;
  std::string url;
  /// The untranslated one, whatever the locale.
  std::string summary;
  std::string source_rpm;
  /// Of the header, SHA-256 in hexadecimal digits; empty when the package has none.
  std::string header_digest;
  /// Of the payload as it is in the package file; empty when the package has none.
  std::string payload_digest;
  std::string payload_digest_algorithm;
  /// Ids of the keys that signatures say made them, each once.
  std::vector<std::string> signers;
  /// Paths of regular files that were installed, without %ghost. Sorted.
  std::vector<std::string> files;
};

/// Of one header, under RpmLibrary's lock. Files are left out unless they are asked for.
InventoryPackage inventory_package(Header header, bool with_files);

}  // namespace rpmoci

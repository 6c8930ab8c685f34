// What a root's database tells about the packages that are installed there, and how they depend on each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rpm/installed.h"

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
  /// Indices of the other packages that meet its requirements. Sorted, without repeats.
  std::vector<uint32_t> dependencies;
  /// Paths of regular files that were installed, without %ghost. Sorted.
  std::vector<std::string> files;
};

/// Sorted as `read_rpmdb`, and throws as `for_each_installed`. Files are left out unless they are asked for.
std::vector<InventoryPackage> read_inventory(const RootDatabase& database, bool with_files);

}  // namespace rpmoci

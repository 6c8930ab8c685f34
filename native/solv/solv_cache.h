// Parsed metadata in libsolv's own format, kept on disk between runs.
#pragma once

#include <functional>
#include <string>

#include "solv/handles.h"

namespace rpmoci {

/// A folder of entries that several processes may use at once: an entry is written under another name and renamed, and
/// one that is damaged counts as absent. An entry's modification time is that of its last use.
class SolvCache {
 public:
  /// An empty `directory` keeps nothing.
  explicit SolvCache(std::string directory) : directory_(std::move(directory)) {}

  /// The entry at its start; an empty handle when there is none that is whole.
  FileHandle open(const std::string& name) const;

  /// Lets `write` fill an entry, which returns false when it cannot, and returns it at its start. Where the folder
  /// cannot be written the entry lives as long as its handle. Throws std::runtime_error when nothing can be written at
  /// all.
  FileHandle store(const std::string& name, const std::function<bool(std::FILE*)>& write) const;

 private:
  std::string directory_;
};

}  // namespace rpmoci

// Lets requirements name files that no package of the pool requires.
#pragma once

#include <utility>
#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

class PackagePool;

/// The pool knows the owners of those files only that packages require. While an object of this class lives, the owners
/// of further paths count as their providers.
class FileDependencies {
 public:
  explicit FileDependencies(PackagePool& pool) : pool_(pool) {}
  ~FileDependencies();
  FileDependencies(const FileDependencies&) = delete;
  FileDependencies& operator=(const FileDependencies&) = delete;

  /// Looks up every path in `dependency`, which may be rich.
  void add(Id dependency);

 private:
  void add_path(Id path);

  PackagePool& pool_;
  /// Path and its providers before.
  std::vector<std::pair<Id, Id>> changed_;
};

}  // namespace rpmoci

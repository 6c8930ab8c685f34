// Processes that unpack packages ahead of the transaction that installs them.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "file_descriptor.h"
#include "rpm/file_plan.h"

namespace rpmoci {

/// Regular files of the plain packages go into the directory: `<package>/<file>`, by their indexes, with their mode and
/// time, but as root's. Of hard links, the first has the contents. Processes, because librpm is not made for threads
/// beside a transaction, which forks and changes the root directory; forked before it does.
class Unpackers {
 public:
  /// `plans` and `directory` must outlive it. What cannot be started is as good as failed.
  Unpackers(const std::vector<PackagePlan>& plans, const FileDescriptor& directory, unsigned processes);
  /// Stops them.
  ~Unpackers();
  Unpackers(const Unpackers&) = delete;
  Unpackers& operator=(const Unpackers&) = delete;

  /// Waits for a package. False when it could not be unpacked.
  bool wait_for(std::size_t package);

 private:
  enum class State { waiting, unpacked, failed };

  std::vector<State> states_;
  std::vector<pid_t> processes_;
  FileDescriptor reports_;
};

}  // namespace rpmoci

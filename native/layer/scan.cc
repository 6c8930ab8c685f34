#include "layer/scan.h"

#include "failure.h"
#include "layer/hard_links.h"
#include "layer/walk.h"

namespace rpmoci {

RootfsScan scan_rootfs(const std::string& root, const std::atomic<bool>& cancelled) {
  RootfsScan scan;
  HardLinks links;
  walk(root, [&](const WalkEntry& entry) {
    if (cancelled) throw Failure("CANCELLED", "the scan was cancelled");
    const auto& metadata = entry.metadata;
    if (metadata.is_directory()) {
      ++scan.directories;
    } else if (links.first_path(metadata, entry.path) != nullptr) {
      ++scan.hard_links;
    } else if (metadata.is_file()) {
      ++scan.files;
      scan.bytes += metadata.size;
    } else if (metadata.is_symlink()) {
      ++scan.symlinks;
    } else {
      ++scan.others;
    }
  });
  return scan;
}

}  // namespace rpmoci

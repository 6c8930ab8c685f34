// What bounds the modification times in layers.
#pragma once

#include <algorithm>
#include <cstdint>

namespace rpmoci {

struct ListingTimes {
  /// Seconds since the epoch: no entry's modification time is later.
  std::int64_t max_mtime = 0;
  /// Seconds since the epoch: what was modified at this time or later gets `max_mtime`, because the build made it and
  /// another build would make it at another time.
  std::int64_t build_start = 0;

  std::int64_t bounded(std::int64_t mtime) const {
    return mtime >= build_start ? max_mtime : std::min(mtime, max_mtime);
  }
};

}  // namespace rpmoci

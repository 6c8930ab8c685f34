// Which names belong to the same inode.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "layer/metadata.h"

namespace rpmoci {

class HardLinks {
 public:
  /// The path under which the inode was seen first, or null if this is the first (or the only) one. Inode numbers
  /// decide equality and nothing else, so the result depends on the order of calls alone.
  const std::string* first_path(const Metadata& metadata, const std::string& path) {
    if (metadata.links < 2 || metadata.is_directory()) return nullptr;
    const auto [found, inserted] = paths_.try_emplace({metadata.device, metadata.inode}, path);
    return inserted ? nullptr : &found->second;
  }

 private:
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> paths_;
};

}  // namespace rpmoci

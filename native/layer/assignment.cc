#include "layer/assignment.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace rpmoci {

namespace {

bool is_as_packaged(const Node& node, const OwnedPath& owner) {
  const auto& metadata = node.metadata;
  if ((metadata.mode & S_IFMT) != (owner.mode & S_IFMT)) return false;
  if (metadata.is_file()) return metadata.size == owner.size && metadata.mtime == owner.mtime;
  if (metadata.is_symlink()) return node.link_target == owner.link_target;
  return true;
}

}  // namespace

Assignment::Assignment(const RootTree& tree, const Ownership& ownership, const LayerGroups& groups)
    : layer_count_(static_cast<std::uint32_t>(groups.size()) + 1),
      layer_of_(tree.nodes().size(), layer_count_ - 1),
      digests_(tree.nodes().size()) {
  std::unordered_map<std::string_view, std::uint32_t> layer_of_name;
  for (std::uint32_t layer = 0; layer < groups.size(); ++layer) {
    for (const auto& name : groups[layer]) layer_of_name.try_emplace(name, layer);
  }
  std::unordered_map<std::string_view, const Node*> known_directories;
  for (const auto& package : ownership.packages) {
    const auto named = layer_of_name.find(package.name);
    const auto layer = named == layer_of_name.end() ? layer_count_ - 1 : named->second;
    std::vector<const Node*> directories;
    for (const auto& path : package.directories) {
      const auto [known, is_new] = known_directories.try_emplace(path, nullptr);
      if (is_new) known->second = tree.find(path);
      directories.push_back(known->second);
    }
    for (const auto& owner : package.paths) {
      const auto* directory = directories[owner.directory];
      if (directory == nullptr) continue;
      const auto* node = owner.name.empty() ? directory : directory->child(owner.name);
      if (node != nullptr && is_as_packaged(*node, owner)) add_owner(*node, owner, layer);
    }
  }
  keep_hard_links_together(tree);
}

void Assignment::add_owner(const Node& node, const OwnedPath& owner, std::uint32_t layer) {
  if (node.metadata.is_directory()) {
    const auto [found, is_new] = directory_times_.try_emplace({node.index, layer}, owner.mtime);
    if (!is_new) found->second = std::max(found->second, owner.mtime);
  }
  auto& current = layer_of_[node.index];
  auto& digest = digests_[node.index];
  if (layer < current || digest == nullptr) digest = owner.digest;
  current = std::min(current, layer);
}

void Assignment::keep_hard_links_together(const RootTree& tree) {
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t> highest;
  const auto for_each_link = [&](auto use) {
    for (const auto* node : tree.nodes()) {
      const auto& metadata = node->metadata;
      if (metadata.links > 1 && !metadata.is_directory()) use(*node, highest[{metadata.device, metadata.inode}]);
    }
  };
  for_each_link([&](const Node& node, std::uint32_t& layer) { layer = std::max(layer, layer_of(node)); });
  for_each_link([&](const Node& node, std::uint32_t& layer) { layer_of_[node.index] = layer; });
}

std::optional<std::int64_t> Assignment::directory_time(const Node& directory, std::uint32_t layer) const {
  const auto found = directory_times_.find({directory.index, layer});
  if (found == directory_times_.end()) return std::nullopt;
  return found->second;
}

}  // namespace rpmoci

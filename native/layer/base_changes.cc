#include "layer/base_changes.h"

#include <utility>

namespace rpmoci {

namespace {

constexpr std::string_view whiteout_prefix = ".wh.";

bool have_same_xattrs(const Node& a, const Node& b) {
  if (a.xattrs == nullptr || b.xattrs == nullptr) return a.xattrs == b.xattrs;
  return *a.xattrs == *b.xattrs;
}

bool have_same_attributes(const Node& node, const Node& base, const ListingTimes& times) {
  const auto& now = node.metadata;
  const auto& then = base.metadata;
  if (now.mode != then.mode || now.uid != then.uid || now.gid != then.gid) return false;
  if (!have_same_xattrs(node, base)) return false;
  if (now.is_directory()) return true;
  if (now.mtime != then.mtime && now.mtime < times.build_start) return false;
  if (now.is_device()) return now.device_major == then.device_major && now.device_minor == then.device_minor;
  return node.link_target == base.link_target && (!now.is_file() || now.size == then.size);
}

}  // namespace

BaseChanges::BaseChanges(std::shared_ptr<const RootTree> base, std::shared_ptr<const RootTree> tree,
                         const ListingTimes& times, const std::set<std::string>& untouched)
    : base_(std::move(base)),
      tree_(std::move(tree)),
      times_(times),
      changed_(tree_->nodes().size()),
      bases_(tree_->nodes().size()) {
  bases_[tree_->top().index] = &base_->top();
  // A directory comes before what it holds.
  for (const auto* node : tree_->nodes()) {
    const auto* below = bases_[node->index];
    const bool is_untouched = below != nullptr && untouched.contains(node->path());
    if (!is_untouched) compare(*node, below);
    if (node->metadata.is_directory()) pair_children(*node, below, untouched);
  }
}

void BaseChanges::compare(const Node& node, const Node* base) {
  if (base == nullptr || !have_same_attributes(node, *base, times_)) {
    changed_[node.index] = true;
  } else if (node.metadata.is_file() && node.metadata.size > 0 && !node.metadata.same_contents(base->metadata)) {
    undecided_.push_back(&node);
  }
}

void BaseChanges::pair_children(const Node& node, const Node* base, const std::set<std::string>& untouched) {
  if (base == nullptr || !base->metadata.is_directory()) return;
  for (const auto& below : base->children()) {
    if (const auto* child = node.child(below.name)) {
      bases_[child->index] = &below;
    } else if (!untouched.contains(below.path())) {
      add_whiteout(node, below);
    }
  }
}

void BaseChanges::add_whiteout(const Node& directory, const Node& gone) {
  auto& name = names_.emplace_back(whiteout_prefix);
  name += gone.name;
  auto& whiteout = whiteouts_.emplace_back();
  whiteout.name = name;
  whiteout.parent = &directory;
  // Behind the directory, and before what else it holds.
  whiteout.index = directory.index;
  whiteout.metadata.mode = S_IFREG;
  whiteout.metadata.links = 1;
  whiteouts_in_[&directory].push_back(&whiteout);
}

void BaseChanges::settle(const std::set<std::string>& same) {
  for (const auto* node : std::exchange(undecided_, {})) {
    if (!same.contains(node->path())) changed_[node->index] = true;
  }
  keep_hard_links_together();
}

void BaseChanges::keep_hard_links_together() {
  struct Inode {
    const Node* base = nullptr;
    bool changed = false;
  };
  std::map<std::pair<std::uint64_t, std::uint64_t>, Inode> inodes;
  const auto for_each_link = [&](auto use) {
    for (const auto* node : tree_->nodes()) {
      const auto& metadata = node->metadata;
      if (metadata.links > 1 && !metadata.is_directory()) use(*node, inodes[{metadata.device, metadata.inode}]);
    }
  };
  for_each_link([&](const Node& node, Inode& inode) {
    const auto* base = base_of(node);
    if (inode.base == nullptr) inode.base = base;
    if (changed_[node.index] || base == nullptr || !inode.base->metadata.same_file(base->metadata))
      inode.changed = true;
  });
  for_each_link([&](const Node& node, const Inode& inode) { changed_[node.index] = inode.changed; });
}

const std::vector<const Node*>& BaseChanges::whiteouts_in(const Node& directory) const {
  static const std::vector<const Node*> none;
  const auto found = whiteouts_in_.find(&directory);
  return found == whiteouts_in_.end() ? none : found->second;
}

bool BaseChanges::is_whiteout(const Node& node) { return node.name.starts_with(whiteout_prefix); }

}  // namespace rpmoci

#include "layer/layer_listing.h"

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

#include "failure.h"
#include "quote.h"

namespace rpmoci {

namespace {

TarType type_of(const Metadata& metadata) {
  switch (metadata.mode & S_IFMT) {
    case S_IFDIR:
      return TarType::directory;
    case S_IFLNK:
      return TarType::symlink;
    case S_IFIFO:
      return TarType::fifo;
    case S_IFCHR:
      return TarType::character_device;
    case S_IFBLK:
      return TarType::block_device;
    default:
      return TarType::file;
  }
}

bool is_above(const Node& directory, const Node* node) {
  while (node != nullptr && node != &directory) node = node->parent;
  return node != nullptr;
}

/// What `make` makes of the node's entry. Throws Failure("LAYER_READ") for what a tar cannot hold.
template <class Make>
auto storable(const RootTree& tree, const Node& node, Make make) {
  try {
    return make();
  } catch (const std::invalid_argument& error) {
    throw Failure("LAYER_READ", quote(tree.host_path(node)) + " cannot be stored: " + error.what());
  }
}

/// Puts nodes, in the order of the tree, into one layer, each after the directories above it.
class ListingBuilder {
 public:
  void add(const Node& node) {
    while (!open_.empty() && !is_above(*open_.back(), node.parent)) open_.pop_back();
    std::vector<const Node*> missing;
    for (const auto* above = node.parent; above != nullptr && (open_.empty() || above != open_.back());
         above = above->parent) {
      missing.push_back(above);
    }
    for (auto directory = missing.rbegin(); directory != missing.rend(); ++directory) append(**directory);
    append(node);
  }

  std::vector<ListedEntry> entries;

 private:
  void append(const Node& node) {
    const auto& metadata = node.metadata;
    ListedEntry entry{.node = &node};
    if (metadata.is_directory()) {
      open_.push_back(&node);
    } else if (metadata.links > 1) {
      // Inode numbers decide equality and nothing else.
      const auto [first, is_new] = links_.try_emplace({metadata.device, metadata.inode}, &node);
      if (!is_new) entry.first_link = first->second;
    }
    entries.push_back(entry);
  }

  /// The directories that the last entry is in.
  std::vector<const Node*> open_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, const Node*> links_;
};

class DirectoryTimes {
 public:
  DirectoryTimes(const Assignment& assignment, const ListingTimes& times, bool owned, const BaseChanges* changes,
                 LayerListing& listing)
      : assignment_(assignment), times_(times), owned_(owned), changes_(changes), listing_(listing) {}

  void set() {
    std::vector<std::int64_t> latest(listing_.entries.size(), none);
    // From the end: what a directory holds comes before it.
    for (auto i = listing_.entries.size(); i-- > 0;) {
      auto& entry = listing_.entries[i];
      entry.mtime = time_of(*entry.node, latest[i]);
      if (i == 0) break;
      auto& above = latest[parent_of(i)];
      above = std::max(above, entry.mtime);
    }
  }

 private:
  static constexpr auto none = std::numeric_limits<std::int64_t>::min();

  std::int64_t time_of(const Node& node, std::int64_t latest_below) const {
    if (BaseChanges::is_whiteout(node)) return 0;
    if (!node.metadata.is_directory()) return times_.bounded(node.metadata.mtime);
    if (const auto time = assignment_.directory_time(node, listing_.layer)) return times_.bounded(*time);
    const auto* base = changes_ == nullptr ? nullptr : changes_->base_of(node);
    if (base != nullptr && base->metadata.is_directory()) return std::min(base->metadata.mtime, times_.max_mtime);
    return !owned_ || latest_below == none ? times_.bounded(node.metadata.mtime) : latest_below;
  }

  /// The entry of the directory that entry `i` is in.
  std::size_t parent_of(std::size_t i) const {
    const auto& entries = listing_.entries;
    const auto index = entries[i].node->parent->index;
    const auto found = std::partition_point(entries.begin(), entries.end(),
                                            [index](const ListedEntry& entry) { return entry.node->index < index; });
    return static_cast<std::size_t>(found - entries.begin());
  }

  const Assignment& assignment_;
  const ListingTimes& times_;
  const bool owned_;
  const BaseChanges* changes_;
  LayerListing& listing_;
};

}  // namespace

TarEntry ListedEntry::tar_entry() const {
  const auto& metadata = node->metadata;
  TarEntry tar;
  tar.path = node->parent == nullptr ? "./" : metadata.is_directory() ? node->path() + '/' : node->path();
  tar.type = first_link != nullptr ? TarType::hard_link : type_of(metadata);
  tar.link_target = first_link != nullptr ? first_link->path() : node->link_target;
  tar.mode = metadata.mode & 07777;
  tar.uid = metadata.uid;
  tar.gid = metadata.gid;
  tar.size = contents_size();
  tar.mtime = mtime;
  tar.device_major = metadata.device_major;
  tar.device_minor = metadata.device_minor;
  if (node->xattrs != nullptr && first_link == nullptr) tar.xattrs = *node->xattrs;
  return tar;
}

std::string ListedEntry::header(const RootTree& tree) const {
  return storable(tree, *node, [this] { return tar_header(tar_entry()); });
}

void ListedEntry::measure_header(const TarEntry& tar, const RootTree& tree) {
  header_size = static_cast<std::uint32_t>(storable(tree, *node, [&tar] { return tar_header_size(tar); }));
}

std::vector<LayerListing> list_layers(const RootTree& tree, const Assignment& assignment, const ListingTimes& times,
                                      bool owned, const BaseChanges* changes,
                                      std::vector<std::string>& skipped_sockets) {
  const auto last = assignment.layer_count() - 1;
  std::vector<std::size_t> counts(assignment.layer_count());
  for (const auto* node : tree.nodes()) ++counts[assignment.layer_of(*node)];
  std::vector<ListingBuilder> builders(assignment.layer_count());
  // Directories above the files come on top of it.
  for (std::uint32_t layer = 0; layer <= last; ++layer) builders[layer].entries.reserve(counts[layer] * 5 / 4);
  if (changes == nullptr) builders[last].add(tree.top());
  for (const auto* node : tree.nodes()) {
    if (node->metadata.is_socket()) {
      skipped_sockets.push_back(node->path());
    } else if (changes == nullptr ? node->parent != nullptr : changes->is_changed(*node)) {
      builders[assignment.layer_of(*node)].add(*node);
    }
    if (changes == nullptr) continue;
    for (const auto* whiteout : changes->whiteouts_in(*node)) builders[last].add(*whiteout);
  }
  std::vector<LayerListing> listings;
  for (std::uint32_t layer = 0; layer <= last; ++layer) {
    if (builders[layer].entries.empty()) continue;
    auto& listing = listings.emplace_back(LayerListing{.layer = layer, .entries = std::move(builders[layer].entries)});
    DirectoryTimes(assignment, times, owned, changes, listing).set();
  }
  return listings;
}

}  // namespace rpmoci

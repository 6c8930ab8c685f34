#include "layer/root_tree.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <ranges>
#include <system_error>

#include "failure.h"
#include "layer/open_beneath.h"
#include "layer/tree_scan.h"
#include "quote.h"

namespace rpmoci {

namespace {

/// As the kernel's.
constexpr int most_symlinks = 40;

/// Calls `use` with each name of a path, the empty ones and "." left out.
template <class Use>
void for_each_name(std::string_view path, Use use) {
  while (!path.empty()) {
    const auto name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    if (!name.empty() && name != ".") use(name);
  }
}

}  // namespace

std::string Node::path() const {
  std::size_t size = 0;
  for (const auto* node = this; node->parent != nullptr; node = node->parent) size += node->name.size() + 1;
  if (size == 0) return {};
  std::string path(size - 1, '/');
  auto end = path.size();
  for (const auto* node = this; node->parent != nullptr; node = node->parent) {
    end -= node->name.size();
    node->name.copy(path.data() + end, node->name.size());
    if (end > 0) --end;
  }
  return path;
}

const Node* Node::child(std::string_view wanted) const {
  const auto all = children();
  const auto found = std::lower_bound(all.begin(), all.end(), wanted,
                                      [](const Node& node, std::string_view name) { return node.name < name; });
  return found != all.end() && found->name == wanted ? &*found : nullptr;
}

RootTree::RootTree(std::string root, unsigned threads, const std::atomic<bool>& cancelled) : root_(std::move(root)) {
  // The root may be given as a symlink; it is the only one that is followed.
  fd_ = FileDescriptor(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd_) throw Failure("LAYER_READ", "cannot read " + quote(root_) + ": " + reason(errno));
  scan_tree(*this, top_, storage_, threads, cancelled);
  number(top_);
}

void RootTree::number(const Node& top) {
  // Not by recursion: a tree may be deeper than a thread's stack.
  std::vector<const Node*> pending{&top};
  while (!pending.empty()) {
    const auto* node = pending.back();
    pending.pop_back();
    const_cast<Node*>(node)->index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(node);
    for (auto& child : node->children() | std::views::reverse) pending.push_back(&child);
  }
}

FileDescriptor RootTree::open_directory(const Node& directory) const {
  return open_beneath(fd_.get(), directory.path(), O_RDONLY | O_DIRECTORY);
}

const Node* RootTree::find(std::string_view path) const {
  // The last comes first. Names are parts of the path and of targets that were followed.
  std::vector<std::string_view> pending;
  const auto prepend = [&pending](std::string_view more) {
    const auto end = static_cast<std::ptrdiff_t>(pending.size());
    for_each_name(more, [&pending](std::string_view name) { pending.push_back(name); });
    std::reverse(pending.begin() + end, pending.end());
  };
  prepend(path);
  const Node* node = &top_;
  int symlinks = 0;
  while (!pending.empty() && node != nullptr) {
    const auto name = pending.back();
    pending.pop_back();
    if (name == "..") {
      if (node->parent != nullptr) node = node->parent;
      continue;
    }
    const auto* next = node->child(name);
    if (next != nullptr && next->metadata.is_symlink()) {
      if (++symlinks > most_symlinks) return nullptr;
      if (next->link_target.starts_with('/')) node = &top_;
      prepend(next->link_target);
    } else {
      node = next;
    }
  }
  return node;
}

std::string RootTree::host_path(const Node& node) const {
  if (node.parent == nullptr) return root_;
  return root_.ends_with('/') ? root_ + node.path() : root_ + '/' + node.path();
}

}  // namespace rpmoci

// Reads a tree of files into nodes.
#pragma once

#include <atomic>
#include <deque>

#include "layer/root_tree.h"

namespace rpmoci {

/// Fills `top`, the root of `tree`; what is below it is in `storage`. As RootTree's constructor says.
void scan_tree(const RootTree& tree, Node& top, std::deque<NodeStorage>& storage, unsigned threads,
               const std::atomic<bool>& cancelled);

}  // namespace rpmoci

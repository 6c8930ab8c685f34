// Reads a tree of files into nodes.
#pragma once

#include <atomic>

#include "layer/root_tree.h"

namespace rpmoci {

/// Fills `top`, the root of `tree`, whose metadata is given. As RootTree's constructor says.
void scan_tree(const RootTree& tree, Node& top, const Metadata& metadata, unsigned threads,
               const std::atomic<bool>& cancelled);

}  // namespace rpmoci

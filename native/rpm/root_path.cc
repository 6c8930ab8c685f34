#include "rpm/root_path.h"

#include <deque>
#include <filesystem>

#include "failure.h"

namespace rpmoci {

namespace {

namespace fs = std::filesystem;

/// As many as the kernel follows.
constexpr int kMaxLinks = 40;

void push_front(std::deque<fs::path>& pending, const fs::path& path) {
  pending.insert(pending.begin(), path.begin(), path.end());
}

}  // namespace

std::string resolve_in_root(const std::string& root, const std::string& path) {
  std::deque<fs::path> pending;
  push_front(pending, path);
  fs::path inside = "/";
  const auto outside = [&] { return fs::path(root) / inside.relative_path(); };
  int links = 0;
  while (!pending.empty()) {
    const auto component = pending.front();
    pending.pop_front();
    if (component.is_absolute()) {
      inside = "/";
    } else if (component == "..") {
      inside = inside.parent_path();
    } else if (!component.empty() && component != ".") {
      inside /= component;
      std::error_code error;
      const auto target = fs::read_symlink(outside(), error);
      if (error) continue;  // not a link, or missing: whoever opens it will say so
      if (++links > kMaxLinks) throw Failure("RPMDB_UNREADABLE", "too many symlinks in " + root + path);
      inside = inside.parent_path();
      push_front(pending, target);
    }
  }
  return outside().string();
}

}  // namespace rpmoci

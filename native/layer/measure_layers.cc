#include <endian.h>

#include <algorithm>

#include "failure.h"
#include "hex.h"
#include "layer/file_reader.h"
#include "layer/layer_listing.h"
#include "parallel.h"
#include "sha256.h"

namespace rpmoci {

namespace {

/// Entries of a layer that are measured, and hashed for its key, together; part of what keys are made of.
constexpr std::size_t part_size = 2048;

struct Part {
  LayerListing* listing;
  std::size_t first;
  std::size_t last;
  std::string key;
};

std::vector<Part> parts_of(std::vector<LayerListing>& listings) {
  std::vector<Part> parts;
  for (auto& listing : listings) {
    for (std::size_t first = 0; first < listing.entries.size(); first += part_size) {
      parts.push_back({&listing, first, std::min(first + part_size, listing.entries.size()), {}});
    }
  }
  return parts;
}

std::span<const char> bytes_of(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

class PartMeasurer {
 public:
  PartMeasurer(const RootTree& tree, const Assignment& assignment, bool keys, const std::atomic<bool>& cancelled)
      : tree_(tree), assignment_(assignment), keys_(keys), cancelled_(cancelled) {}

  void measure(Part& part) const {
    if (cancelled_) throw Failure("CANCELLED", "the layer was given up");
    FileReader reader(tree_, cancelled_);
    Sha256 hash;
    for (auto i = part.first; i < part.last; ++i) {
      auto& entry = part.listing->entries[i];
      const auto tar = entry.tar_entry();
      entry.measure_header(tar, tree_);
      if (!keys_) continue;
      add_attributes(tar, hash);
      if (entry.contents_size() > 0) add_contents(*entry.node, reader, hash);
    }
    if (keys_) part.key = hash.finish();
  }

 private:
  /// All that a header tells, but shorter: every number has 8 bytes, and every text comes behind its size.
  static void add_attributes(const TarEntry& entry, Sha256& hash) {
    std::string bytes;
    const auto add_number = [&bytes](std::uint64_t value) {
      value = htole64(value);
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    };
    const auto add_text = [&bytes, &add_number](const std::string& text) {
      add_number(text.size());
      bytes += text;
    };
    add_text(entry.path);
    add_number(static_cast<unsigned char>(entry.type));
    add_text(entry.link_target);
    add_number(entry.mode);
    add_number(entry.uid);
    add_number(entry.gid);
    add_number(entry.size);
    add_number(static_cast<std::uint64_t>(entry.mtime));
    add_number(entry.device_major);
    add_number(entry.device_minor);
    add_number(entry.xattrs.size());
    for (const auto& [name, value] : entry.xattrs) {
      add_text(name);
      add_text(value);
    }
    hash.update(bytes);
  }

  void add_contents(const Node& node, FileReader& reader, Sha256& hash) const {
    if (const auto* digest = assignment_.digest_of(node)) {
      hash.update(bytes_of(*digest));
    } else {
      hash.update(bytes_of(reader.digest(node)));
    }
  }

  const RootTree& tree_;
  const Assignment& assignment_;
  const bool keys_;
  const std::atomic<bool>& cancelled_;
};

}  // namespace

void measure_layers(const RootTree& tree, const Assignment& assignment, bool keys, unsigned threads,
                    const std::atomic<bool>& cancelled, std::vector<LayerListing>& listings) {
  auto parts = parts_of(listings);
  const PartMeasurer measurer(tree, assignment, keys, cancelled);
  // The last first: the topmost layer has most of the files that have to be read.
  for_each_index(parts.size(), threads, [&](std::size_t i) { measurer.measure(parts[parts.size() - 1 - i]); });
  for (auto& listing : listings) {
    std::uint64_t offset = 0;
    for (auto& entry : listing.entries) {
      entry.offset = offset;
      const auto size = entry.contents_size();
      offset += entry.header_size + size + tar_padding(size);
    }
    listing.tar_size = offset + tar_end;
    if (!keys) continue;
    Sha256 hash;
    for (const auto& part : parts) {
      if (part.listing == &listing) hash.update(part.key);
    }
    listing.key = hash.finish();
  }
}

}  // namespace rpmoci

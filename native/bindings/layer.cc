// readOwnership, restoreEntries, readTree, compareWithBase, listLayers, writeLayers and digestZstdContents.
#include <cmath>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "bindings/exports.h"
#include "bindings/values.h"
#include "layer/base_changes.h"
#include "layer/restored_entry.h"
#include "layer/write_layers.h"
#include "layer/zstd_contents.h"
#include "napi/cancellation.h"
#include "napi/environment.h"
#include "napi/progress.h"
#include "napi/promise.h"
#include "rpm/ownership.h"

namespace rpmoci {

namespace {

using SharedOwnership = std::shared_ptr<const Ownership>;

using SharedTree = std::shared_ptr<const RootTree>;

using SharedChanges = std::shared_ptr<BaseChanges>;

/// What was listed of one root, with the tree that it points into.
struct Listings {
  SharedTree tree;
  /// Has the whiteouts that layers point to.
  SharedChanges changes;
  std::vector<LayerListing> layers;
  std::vector<std::string> skipped_sockets;
};
using SharedListings = std::shared_ptr<const Listings>;

Napi::Number number(Napi::Env env, std::uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

double read_number(const Napi::Object& object, const char* key) {
  return object.Get(key).As<Napi::Number>().DoubleValue();
}

template <class T>
Napi::Value external(Napi::Env env, const T& value) {
  return Napi::External<T>::New(env, new T(value), [](Napi::Env, T* owned) { delete owned; });
}

ListingTimes times_of(const Napi::Object& object) {
  return {.max_mtime = static_cast<std::int64_t>(std::floor(read_number(object, "maxMtime"))),
          .build_start = static_cast<std::int64_t>(std::floor(read_number(object, "buildStart")))};
}

std::string byte_string_of(const Napi::Value& value) {
  const auto bytes = value.As<Napi::Uint8Array>();
  return {bytes.Data(), bytes.Data() + bytes.ElementLength()};
}

std::set<std::string> byte_strings_of(const Napi::Value& value) {
  const auto items = to_vector(value, byte_string_of);
  return {items.begin(), items.end()};
}

Napi::Value bytes_value(Napi::Env env, const std::string& text) {
  return Napi::Buffer<char>::Copy(env, text.data(), text.size());
}

struct ListRequest {
  SharedTree tree;
  /// Null when files have no owners.
  SharedOwnership ownership;
  LayerGroups groups;
  ListingTimes times;
  /// Null without a base image.
  SharedChanges changes;
  std::set<std::string> same_contents;
  unsigned threads = 1;
  Cancellation cancellation;
};

ListRequest read_list_request(const Napi::Object& object) {
  ListRequest request;
  request.tree = *object.Get("tree").As<Napi::External<SharedTree>>().Data();
  const auto ownership = object.Get("ownership");
  if (!ownership.IsNull()) request.ownership = *ownership.As<Napi::External<SharedOwnership>>().Data();
  const auto changes = object.Get("changes");
  if (changes.IsObject() || changes.IsExternal()) request.changes = *changes.As<Napi::External<SharedChanges>>().Data();
  request.same_contents = byte_strings_of(object.Get("sameContents"));
  request.groups = to_vector(object.Get("groups"), strings_of);
  request.times = times_of(object);
  request.threads = static_cast<unsigned>(read_number(object, "threads"));
  request.cancellation = cancellation_of(object.Get("cancellation"));
  return request;
}

SharedListings list(const ListRequest& request) {
  const auto& cancelled = *request.cancellation;
  auto listings = std::make_shared<Listings>();
  listings->tree = request.tree;
  const auto& tree = *listings->tree;
  const bool owned = request.ownership != nullptr;
  if (request.changes != nullptr) request.changes->settle(request.same_contents);
  const auto assignment = owned ? Assignment(tree, *request.ownership, request.groups) : Assignment(tree);
  listings->layers =
      list_layers(tree, assignment, request.times, owned, request.changes.get(), listings->skipped_sockets);
  listings->changes = request.changes;
  // Of a base, little is left to be read for keys.
  measure_layers(tree, assignment, owned || request.changes != nullptr, request.threads, cancelled, listings->layers);
  return listings;
}

Napi::Value listings_object(Napi::Env env, SharedListings& listings) {
  auto object = Napi::Object::New(env);
  object.Set("handle", external(env, listings));
  object.Set("layers", to_array(env, listings->layers, [](Napi::Env e, const LayerListing& listing) -> Napi::Value {
               auto layer = Napi::Object::New(e);
               layer.Set("group", number(e, listing.layer));
               layer.Set("key", listing.key);
               layer.Set("entries", number(e, listing.entries.size()));
               layer.Set("tarSize", number(e, listing.tar_size));
               return layer;
             }));
  object.Set("skippedSockets", to_array(env, listings->skipped_sockets));
  return object;
}

Compression read_compression(const Napi::Object& object) {
  const auto kind = to_text(object.Get("compression"));
  return {.kind = kind == "gzip"   ? Compression::Kind::gzip
                  : kind == "zstd" ? Compression::Kind::zstd
                                   : Compression::Kind::none,
          .level = static_cast<int>(read_number(object, "level"))};
}

Napi::Value blob_object(Napi::Env env, const Blob& blob) {
  auto object = Napi::Object::New(env);
  object.Set("diffId", "sha256:" + blob.diff_id);
  object.Set("digest", "sha256:" + blob.digest);
  object.Set("size", number(env, blob.size));
  return object;
}

Napi::Value read_ownership_async(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  const RootDatabase database{to_text(object.Get("root")), to_text(object.Get("dbPath"))};
  return run_promise<SharedOwnership>(
      info.Env(), Environment::of(info.Env()).rpm, [database] { return SharedOwnership(read_ownership(database)); },
      external<SharedOwnership>);
}

Napi::Value read_tree_async(const Napi::CallbackInfo& info) {
  return run_promise<SharedTree>(
      info.Env(), Environment::of(info.Env()).general,
      [root = to_text(info[0]), threads = info[1].As<Napi::Number>().Uint32Value(),
       cancellation = cancellation_of(info[2])] {
        return std::make_shared<const RootTree>(root, threads, *cancellation);
      },
      external<SharedTree>);
}

Napi::Value list_layers_async(const Napi::CallbackInfo& info) {
  return run_promise<SharedListings>(
      info.Env(), Environment::of(info.Env()).general,
      [request = read_list_request(info[0].As<Napi::Object>())] { return list(request); }, listings_object);
}

Napi::Value compare_with_base_async(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  return run_promise<SharedChanges>(
      info.Env(), Environment::of(info.Env()).general,
      [base = *object.Get("base").As<Napi::External<SharedTree>>().Data(),
       tree = *object.Get("tree").As<Napi::External<SharedTree>>().Data(), times = times_of(object),
       untouched = byte_strings_of(object.Get("untouched"))] {
        return std::make_shared<BaseChanges>(base, tree, times, untouched);
      },
      [](Napi::Env env, SharedChanges& changes) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("handle", external(env, changes));
        result.Set("undecided", to_array(env, changes->undecided(),
                                         [](Napi::Env e, const Node* node) { return bytes_value(e, node->path()); }));
        return result;
      });
}

RestoredEntry to_restored_entry(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto number = [&object](const char* key) { return static_cast<std::uint32_t>(read_number(object, key)); };
  RestoredEntry entry{.path = byte_string_of(object.Get("path")),
                      .mode = number("mode"),
                      .uid = number("uid"),
                      .gid = number("gid"),
                      .mtime = static_cast<std::int64_t>(read_number(object, "mtime")),
                      .mtime_nanoseconds = number("nanoseconds"),
                      .device_major = number("deviceMajor"),
                      .device_minor = number("deviceMinor")};
  const auto to_attribute = [](const Napi::Value& item) {
    const auto pair = item.As<Napi::Object>();
    return std::pair(byte_string_of(pair.Get("name")), byte_string_of(pair.Get("value")));
  };
  for (auto& [name, content] : to_vector(object.Get("xattrs"), to_attribute)) {
    entry.xattrs.emplace(std::move(name), std::move(content));
  }
  return entry;
}

Napi::Value restore_entries_async(const Napi::CallbackInfo& info) {
  return run_promise<std::vector<std::string>>(
      info.Env(), Environment::of(info.Env()).general,
      [root = to_text(info[0]), entries = to_vector(info[1], to_restored_entry),
       cancellation = cancellation_of(info[2])] { return restore_entries(root, entries, *cancellation); },
      [](Napi::Env env, std::vector<std::string>& refused) { return to_array(env, refused, bytes_value); });
}

Napi::Value write_layers_async(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  const auto listings = *object.Get("listings").As<Napi::External<SharedListings>>().Data();
  auto outputs = to_vector(object.Get("outputs"), [&listings](const Napi::Value& value) {
    const auto output = value.As<Napi::Object>();
    return LayerOutput{&listings->layers.at(static_cast<std::size_t>(read_number(output, "layer"))),
                       to_text(output.Get("path"))};
  });
  auto progress = std::make_shared<Progress>(info.Env(), info[1].As<Napi::Function>());
  return run_promise<std::vector<Blob>>(
      info.Env(), Environment::of(info.Env()).general,
      [listings, outputs = std::move(outputs), compression = read_compression(object),
       threads = static_cast<unsigned>(read_number(object, "threads")),
       cancellation = cancellation_of(object.Get("cancellation")), progress = std::move(progress)] {
        return write_layers(*listings->tree, outputs, compression, threads, *cancellation,
                            [&progress](std::uint64_t bytes) { progress->report(bytes); });
      },
      [](Napi::Env env, std::vector<Blob>& blobs) { return to_array(env, blobs, blob_object); });
}

Napi::Value digest_zstd_contents_async(const Napi::CallbackInfo& info) {
  auto& environment = Environment::of(info.Env());
  return run_promise<std::string>(
      info.Env(), environment.general,
      [path = to_text(info[0]), algorithm = to_text(info[1]), closing = environment.new_flag()] {
        return digest_zstd_contents(path, algorithm, *closing);
      },
      [](Napi::Env env, std::string& digest) -> Napi::Value { return Napi::String::New(env, digest); });
}

}  // namespace

void export_layer(Napi::Env env, Napi::Object exports) {
  exports.Set("readOwnership", Napi::Function::New(env, read_ownership_async, "readOwnership"));
  exports.Set("readTree", Napi::Function::New(env, read_tree_async, "readTree"));
  exports.Set("restoreEntries", Napi::Function::New(env, restore_entries_async, "restoreEntries"));
  exports.Set("compareWithBase", Napi::Function::New(env, compare_with_base_async, "compareWithBase"));
  exports.Set("listLayers", Napi::Function::New(env, list_layers_async, "listLayers"));
  exports.Set("writeLayers", Napi::Function::New(env, write_layers_async, "writeLayers"));
  exports.Set("digestZstdContents", Napi::Function::New(env, digest_zstd_contents_async, "digestZstdContents"));
}

}  // namespace rpmoci

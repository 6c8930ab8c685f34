// RAII over libsolv's objects.
#pragma once

#include <cstdio>
#include <memory>
#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

struct PoolDeleter {
  void operator()(::Pool* pool) const { pool_free(pool); }
};
using PoolHandle = std::unique_ptr<::Pool, PoolDeleter>;

struct SolverDeleter {
  void operator()(::Solver* solver) const { solver_free(solver); }
};
using SolverHandle = std::unique_ptr<::Solver, SolverDeleter>;

struct FileDeleter {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, FileDeleter>;

/// A growing list of Ids. Jobs are pairs in it.
class IdQueue {
 public:
  IdQueue() { queue_init(&queue_); }
  explicit IdQueue(const std::vector<Id>& ids) : IdQueue() {
    for (const Id id : ids) queue_push(&queue_, id);
  }
  ~IdQueue() { queue_free(&queue_); }
  IdQueue(const IdQueue&) = delete;
  IdQueue& operator=(const IdQueue&) = delete;

  ::Queue* get() { return &queue_; }
  void push(Id id) { queue_push(&queue_, id); }
  int size() const { return queue_.count; }
  Id operator[](int index) const { return queue_.elements[index]; }
  const Id* begin() const { return queue_.elements; }
  const Id* end() const { return queue_.elements + queue_.count; }

 private:
  ::Queue queue_;
};

/// A set of Ids of a known range.
class IdMap {
 public:
  explicit IdMap(int size) { map_init(&map_, size); }
  ~IdMap() { map_free(&map_); }
  IdMap(const IdMap&) = delete;
  IdMap& operator=(const IdMap&) = delete;

  ::Map* get() { return &map_; }
  void add(Id id) { MAPSET(&map_, id); }
  void remove(Id id) { MAPCLR(&map_, id); }
  bool has(Id id) const { return MAPTST(&map_, id); }
  void fill() { map_setall(&map_); }

 private:
  ::Map map_;
};

/// Runs over the values of one attribute of one or all solvables.
class AttributeIterator {
 public:
  AttributeIterator(::Pool* pool, Id solvable, Id key, const char* match, int flags) {
    dataiterator_init(&iterator_, pool, nullptr, solvable, key, match, flags);
  }
  ~AttributeIterator() { dataiterator_free(&iterator_); }
  AttributeIterator(const AttributeIterator&) = delete;
  AttributeIterator& operator=(const AttributeIterator&) = delete;

  bool next() { return dataiterator_step(&iterator_) != 0; }
  void skip_solvable() { dataiterator_skip_solvable(&iterator_); }
  Id solvable() const { return iterator_.solvid; }

 private:
  ::Dataiterator iterator_;
};

}  // namespace rpmoci

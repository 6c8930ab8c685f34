// The same work on several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace rpmoci {

/// Calls `work` on `threads` threads at once (at least one; the caller's is one of them) and returns when all have
/// returned. Throws the first exception of any; `failed`, if given, is called once before, on the thread that threw, so
/// that the others can be told to give up.
void run_on_threads(unsigned threads, const std::function<void()>& work, const std::function<void()>& failed = {});

/// Calls `work` with each number below `count`, on up to `threads` threads, each number once, in no particular order.
/// Throws the first exception, after which no further number is begun.
void for_each_index(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work);

}  // namespace rpmoci

// Memory for many small things that all go at once.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

namespace rpmoci {

/// Pages of 2 MiB where the kernel gives them: touching so much memory in small pages takes longer than filling it.
class HugePages : public std::pmr::memory_resource {
 private:
  /// Throws std::bad_alloc.
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* address, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }
};

/// What it returns stays until it is destroyed, and is destroyed without a destructor. For one thread at a time.
class Arena {
 public:
  /// `count` values as `T{}` makes them. Throws std::bad_alloc.
  template <class T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    auto* first = static_cast<T*>(memory_.allocate(count * sizeof(T), alignof(T)));
    std::uninitialized_value_construct_n(first, count);
    return {first, count};
  }

  /// Undefined until they are written. Throws std::bad_alloc.
  std::span<char> bytes(std::size_t count) { return {static_cast<char*>(memory_.allocate(count)), count}; }

  /// A copy; a zero byte, which is not a part of it, follows. Throws std::bad_alloc.
  std::string_view text(std::string_view text);

 private:
  HugePages pages_;
  std::pmr::monotonic_buffer_resource memory_{std::size_t{1} << 20, &pages_};
};

}  // namespace rpmoci

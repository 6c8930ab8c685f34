#include "arena.h"

#include <sys/mman.h>

#include <cstdint>

namespace rpmoci {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

std::size_t rounded_up(std::size_t size) { return (size + huge_page - 1) / huge_page * huge_page; }

}  // namespace

void* HugePages::do_allocate(std::size_t bytes, std::size_t /*alignment*/) {
  const auto size = rounded_up(bytes);
  auto* mapped = ::mmap(nullptr, size + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  // What is in front of the first whole huge page, and what is behind the last, go back.
  auto* const start = static_cast<char*>(mapped);
  const auto before = rounded_up(reinterpret_cast<std::uintptr_t>(start)) - reinterpret_cast<std::uintptr_t>(start);
  if (before > 0) ::munmap(start, before);
  ::munmap(start + before + size, huge_page - before);
  ::madvise(start + before, size, MADV_HUGEPAGE);
  return start + before;
}

void HugePages::do_deallocate(void* address, std::size_t bytes, std::size_t /*alignment*/) {
  ::munmap(address, rounded_up(bytes));
}

std::string_view Arena::text(std::string_view text) {
  auto* copy = static_cast<char*>(memory_.allocate(text.size() + 1, 1));
  text.copy(copy, text.size());
  copy[text.size()] = '\0';
  return {copy, text.size()};
}

}  // namespace rpmoci

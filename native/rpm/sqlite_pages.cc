#include "rpm/sqlite_pages.h"

#include <algorithm>
#include <cstddef>

#include "big_endian.h"

namespace rpmoci {

namespace {

constexpr std::size_t kPageSizeAt = 16;
/// In front of the first page's own header.
constexpr std::size_t kFileHeader = 100;

constexpr uint8_t kInteriorIndex = 2;
constexpr uint8_t kInteriorTable = 5;
constexpr uint8_t kLeafIndex = 10;
constexpr uint8_t kLeafTable = 13;

uint32_t read_short(const uint8_t* at) { return uint32_t{at[0]} << 8 | at[1]; }

}  // namespace

bool clear_unused_bytes(std::vector<uint8_t>& file, const std::vector<uint32_t>& roots) {
  if (file.size() < kFileHeader) return false;
  // 1 stands for 65536.
  const std::size_t named_size = read_short(file.data() + kPageSizeAt);
  const std::size_t page_size = named_size == 1 ? 65536 : named_size;
  if (page_size < 512 || file.size() % page_size != 0) return false;
  const auto page_count = file.size() / page_size;
  std::vector<uint32_t> pending = roots;
  // Each page belongs to one tree.
  std::size_t visited = 0;
  while (!pending.empty()) {
    const auto number = pending.back();
    pending.pop_back();
    if (number == 0 || number > page_count || ++visited > page_count) return false;
    auto* const page = file.data() + (number - 1) * page_size;
    const auto* const header = number == 1 ? page + kFileHeader : page;
    const auto kind = header[0];
    const bool interior = kind == kInteriorIndex || kind == kInteriorTable;
    if (!interior && kind != kLeafIndex && kind != kLeafTable) return false;
    const std::size_t cells = read_short(header + 3);
    const std::size_t pointers_at = static_cast<std::size_t>(header - page) + (interior ? 12 : 8);
    const auto pointers_end = pointers_at + 2 * cells;
    const std::size_t named_start = read_short(header + 5);
    const auto cells_start = named_start == 0 ? page_size : named_start;
    if (pointers_end > cells_start || cells_start > page_size) return false;
    std::fill(page + pointers_end, page + cells_start, uint8_t{0});
    if (!interior) continue;
    pending.push_back(read_big_endian(header + 8));
    for (std::size_t i = 0; i < cells; ++i) {
      const std::size_t cell = read_short(page + pointers_at + 2 * i);
      if (cell + 4 > page_size) return false;
      pending.push_back(read_big_endian(page + cell));
    }
  }
  return true;
}

}  // namespace rpmoci

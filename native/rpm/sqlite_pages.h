// The pages of an SQLite database file.
#pragma once

#include <cstdint>
#include <vector>

namespace rpmoci {

/// Sets the bytes between a page's cell pointers and its cells to zero, in all pages of the tables and indices whose
/// first pages are `roots`: what versions of SQLite leave there of cells that were moved differs ("Database File
/// Format", section 1.6). `file` is a whole database, without free pages. False when it is not one.
bool clear_unused_bytes(std::vector<uint8_t>& file, const std::vector<uint32_t>& roots);

}  // namespace rpmoci

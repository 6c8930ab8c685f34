// Headers of installed packages, free of what depends on the installation.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rpmoci {

/// A header in its stored form (rpm's file format, "Header": two counts, an index of 16 bytes an entry, the data) as
/// any librpm would have stored it at `install_time` (seconds): time and id of the transaction are that time, its
/// colour is 0, and the digests of the package file, which rpm 6 keeps when the transaction has verified it, are left
/// out. librpm refuses to export a header of the database once one of its tags is modified, and this way every other
/// byte stays what it was. A header that is damaged is returned as it is.
std::vector<uint8_t> normalized_header(std::span<const uint8_t> stored, uint32_t install_time);

}  // namespace rpmoci

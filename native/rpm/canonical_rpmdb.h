// Makes the bytes of an rpm database a function of what is installed.
#pragma once

#include <cstdint>

#include "rpm/installed.h"

namespace rpmoci {

/// Replaces the sqlite database by one with the same packages whose bytes do not depend on the order, the time, or the
/// number of transactions that led to it:
/// - packages are numbered from 1 in the order of NEVRA, and equal ones by their headers' bytes;
/// - of what librpm adds to a header when it installs a package, INSTALLTIME and INSTALLTID become `install_time`
///   (seconds) and INSTALLCOLOR, which librpm writes and never reads, becomes 0. FILESTATES, INSTPREFIXES and the
///   ORIG… tags (a relocated package's) and PACKAGEDIGESTS stay: they tell what was installed and how, not when or
///   where;
/// - the indices hold the same keys for the new numbers. They are copied, not rebuilt through librpm: that would need a
///   chroot or a macro for each path, keep only what this librpm knows of an image's possibly newer database, and lock
///   files in the root;
/// - SQLite's statistics, free pages, journals and counters of changes are gone, and so are librpm's lock files.
/// The image's rpm may open the result; so may any SQLite since 3.7. Idempotent, and atomic: the old database stays
/// whole until the new one takes its place (but for its journal, which is merged into it).
/// Throws Failure("RPMDB_UNSUPPORTED") naming what is there in place of a sqlite database, Failure("RPMDB_UNREADABLE")
/// and Failure("RPMDB_WRITE") naming the file.
///
/// Not normalised, as their own digests cover it: RPMVERSION in the gpg-pubkey headers that an import of keys makes.
///
/// Packages that were there `earlier`, at the time that they have, keep it: those of a base image.
void canonicalize_rpmdb(const RootDatabase& database, uint32_t install_time,
                        const std::vector<InstalledPackage>& earlier);

}  // namespace rpmoci

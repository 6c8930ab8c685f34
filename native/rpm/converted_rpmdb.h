// Turns the rpm databases of other times and distributions into those that transactions are made with.
#pragma once

#include "rpm/installed.h"

namespace rpmoci {

/// Replaces an ndb or Berkeley DB database by an sqlite one with the same headers, as `rpmdb --rebuilddb` does. An
/// sqlite database stays as it is. The directory keeps its owner and mode. Throws Failure("RPMDB_UNREADABLE") that
/// names it.
void convert_rpmdb(const RootDatabase& database);

}  // namespace rpmoci

// A root that is being made need not survive a power failure.
#pragma once

namespace rpmoci {

/// From now on, fsync(2) and its like do nothing and succeed, in the calling thread and all processes that it starts.
/// librpm, its database and scriptlets call them hundreds of times, and librpm waits in the end until everything that
/// the machine has to write is on its disk. False where the kernel, or whoever made this container, does not allow it.
bool ignore_synchronization();

}  // namespace rpmoci

// What a transaction is not allowed to do to the machine.
#pragma once

namespace rpmoci {

/// Takes from the calling thread, and from all processes that it starts, for good, every capability that installing
/// packages does not need, and lets nobody trace this process. Throws Failure("SANDBOX").
void drop_privileges();

}  // namespace rpmoci

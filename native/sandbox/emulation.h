// Programs for another processor.
#pragma once

#include <string>

namespace rpmoci {

/// Gives this process's user namespace, which must not be the machine's own, a binfmt_misc of its own, and registers an
/// interpreter there, as the kernel's documentation (admin-guide/binfmt-misc) has the line. It is there as long as this
/// process is. Throws Failure("EMULATION") that says which step was refused: before Linux 6.7, all machine's
/// namespaces share one. The process must be the first of a mount namespace of its own.
void register_interpreter(const std::string& line);

}  // namespace rpmoci

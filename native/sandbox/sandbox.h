// The view of the machine that a transaction and its scriptlets have.
#pragma once

#include <string>
#include <vector>

namespace rpmoci {

struct SandboxRequest {
  /// The caller's directory, to write to. No device works in it, but those that the sandbox puts into the root.
  std::string scratch;
  /// The root directory that is installed into, inside `scratch`.
  std::string root;
  /// Further files and directories that are read.
  std::vector<std::string> readable;
  /// Names in /dev.
  std::vector<std::string> devices;
};

/// Makes this process, the first one of new mount, PID, IPC, UTS and network namespaces, see and reach as little as a
/// transaction needs: the system's programs and libraries and what configures them, read-only; `readable`, likewise;
/// `scratch`; `devices`, in /dev and in the root's; empty /tmp, /var and /run of 64 MiB
/// each, in memory. All paths stay what they are. What may change the machine (mounting, tracing, making usable device
/// nodes, opening files by handles, …) is taken from the calling thread and from all processes that it starts, for
/// good.
///
/// Empty files stay in the root's /dev where the devices were.
///
/// Throws Failure("SANDBOX") that says which step the kernel refused; the process is of no further use then. Needs
/// Linux 5.12.
void enter_sandbox(const SandboxRequest& request);

}  // namespace rpmoci

#include "sandbox/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "sandbox/mounts.h"

namespace rpmoci {

namespace {

/// Owners, modes, capabilities and device nodes of files; other users' processes; chroot(2), for each scriptlet.
/// CAP_DAC_READ_SEARCH is not among them on purpose: it opens files by handles, wherever they are.
constexpr std::array kept = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID,  CAP_KILL,
                             CAP_SETGID, CAP_SETUID,       CAP_MKNOD,  CAP_SETFCAP, CAP_SYS_CHROOT};

constexpr std::uint64_t kept_mask() {
  std::uint64_t mask = 0;
  for (const auto capability : kept) mask |= std::uint64_t{1} << capability;
  return mask;
}

}  // namespace

void drop_privileges() {
  constexpr auto mask = kept_mask();
  for (int capability = 0; capability < 64; ++capability) {
    if ((mask >> capability & 1) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno != EINVAL) throw_sandbox_failure("giving up capabilities");
    break;  // the kernel has no more
  }
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) throw_sandbox_failure("reading capabilities");
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto part = static_cast<std::uint32_t>(mask >> (32 * i));
    data[i] = {.effective = data[i].permitted & part, .permitted = data[i].permitted & part, .inheritable = 0};
  }
  if (::syscall(SYS_capset, &header, data.data()) != 0) throw_sandbox_failure("giving up capabilities");
  constexpr rlimit none{0, 0};
  // Other threads of this process may do more; who may not trace it cannot use them.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::setrlimit(RLIMIT_CORE, &none) != 0) {
    throw_sandbox_failure("giving up privileges");
  }
}

}  // namespace rpmoci

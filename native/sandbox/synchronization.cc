#include "sandbox/synchronization.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace rpmoci {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__powerpc64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_PPC64LE;
#elif defined(__s390x__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_S390X;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

constexpr std::array<std::uint32_t, 4> kIgnored = {SYS_fsync, SYS_fdatasync, SYS_sync, SYS_syncfs};

constexpr sock_filter load(std::size_t offset) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
}

constexpr sock_filter answer(std::uint32_t value) { return {BPF_RET | BPF_K, 0, 0, value}; }

constexpr sock_filter skip_unless(std::uint32_t value, std::uint8_t instructions) {
  return {BPF_JMP | BPF_JEQ | BPF_K, 0, instructions, value};
}

}  // namespace

bool ignore_synchronization() {
  // Programs for another processor have other numbers.
  std::array<sock_filter, 4 + 2 * kIgnored.size()> program = {load(offsetof(seccomp_data, arch)),
                                                              skip_unless(kArchitecture, 1 + 2 * kIgnored.size()),
                                                              load(offsetof(seccomp_data, nr))};
  std::size_t end = 3;
  for (const auto number : kIgnored) {
    program[end++] = skip_unless(number, 1);
    program[end++] = answer(SECCOMP_RET_ERRNO);
  }
  program[end++] = answer(SECCOMP_RET_ALLOW);
  const sock_fprog filter{static_cast<std::uint16_t>(end), program.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

}  // namespace rpmoci

// The kernel's newer calls for mounts, by file descriptors (Linux 5.2, mount_setattr: 5.12).
#pragma once

#include <cstdint>
#include <string>

#include "file_descriptor.h"

namespace rpmoci {

/// Throws Failure("SANDBOX"): `step` and the reason that errno gives.
[[noreturn]] void throw_sandbox_failure(const std::string& step);

/// A copy of what is at `path` and of all mounts below it, which is nowhere yet. Null when there is nothing.
FileDescriptor copy_mounts(const std::string& path);

/// Puts a copy over what is at `path`, whose last name is not followed.
void attach(const FileDescriptor& copy, const std::string& path);
/// Puts a copy over an open file or directory.
void attach(const FileDescriptor& copy, const FileDescriptor& over);

enum class Below { no, yes };

/// Sets and clears attributes (`MOUNT_ATTR_…`) of the mount that is at `path`, and of those below it.
void change_mount(const std::string& path, std::uint64_t set, std::uint64_t clear, Below below);

/// A new file system in memory.
void mount_memory(const std::string& path, const std::string& options);
/// What the kernel tells of the processes of this PID namespace. False where the kernel refuses that, as in containers
/// whose own /proc is masked.
bool mount_processes(const std::string& path);

/// The mount at `path` becomes the root directory of this process; what the root was is seen no more.
void make_root(const std::string& path);

}  // namespace rpmoci

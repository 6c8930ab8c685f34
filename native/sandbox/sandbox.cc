#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

#include "sandbox/mounts.h"
#include "sandbox/privileges.h"

namespace rpmoci {

namespace {

namespace fs = std::filesystem;

/// Programs and libraries; the last two are where some distributions keep all of theirs.
constexpr const char* system_directories[] = {"/usr",   "/bin",    "/sbin", "/lib", "/lib32",
                                              "/lib64", "/libx32", "/nix",  "/gnu"};

/// Of /etc, what configures programs, and nothing that is private to the host.
constexpr const char* configuration[] = {
    "alternatives",
    "crypto-policies",
    "debian_version",
    "dnf/dnf5-plugins",
    "dnf/libdnf5-plugins",
    "dnf/plugins",
    "gnutls",
    "group",
    "host.conf",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.conf",
    "localtime",
    "login.defs",
    "magic",
    "nsswitch.conf",
    "os-release",
    "passwd",
    "pki/tls/certs",
    "protocols",
    "python3",
    "redhat-release",
    "rpm",
    "services",
    "ssl/certs",
    "system-release",
    "terminfo",
};

constexpr const char* memory_directories[] = {"/tmp", "/var", "/run"};
constexpr const char* memory_options = "size=64m,mode=0755";

[[noreturn]] void fail(const std::string& step, const std::error_code& error) {
  errno = error.value();
  throw_sandbox_failure(step);
}

void make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) fail("making the directory " + path.string(), error);
}

void make_file(const fs::path& path) {
  make_directories(path.parent_path());
  if (!FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644))) {
    throw_sandbox_failure("making the file " + path.string());
  }
}

void make_symlink(const std::string& target, const fs::path& path) {
  if (::symlink(target.c_str(), path.c_str()) != 0) throw_sandbox_failure("making the link " + path.string());
}

/// The new root directory while it is made.
class View {
 public:
  View(fs::path stage, const std::vector<std::string>& devices) : stage_(std::move(stage)), devices_(devices) {
    mount_memory(stage_, "size=1m,mode=0755");
    for (const auto* directory : memory_directories) {
      make_directories(at(directory));
      mount_memory(at(directory), memory_options);
    }
    for (const auto* directory : {"/var/cache", "/var/lib", "/var/log", "/var/tmp"}) make_directories(at(directory));
    for (const auto* directory : {"/tmp", "/var/tmp"}) ::chmod(at(directory).c_str(), 01777);
  }

  fs::path at(std::string_view path) const { return stage_ / fs::path(path).relative_path(); }

  /// The same as outside: a symlink, or a file or directory with what is mounted below it. Nothing if there is nothing.
  void show(const std::string& path) const {
    std::error_code error;
    const auto status = fs::symlink_status(path, error);
    if (!fs::exists(status) || fs::exists(fs::symlink_status(at(path), error))) return;
    if (fs::is_symlink(status)) {
      make_directories(at(path).parent_path());
      make_symlink(fs::read_symlink(path), at(path));
      return;
    }
    const auto copy = copy_mounts(path);
    if (!copy) return;
    if (fs::is_directory(status)) {
      make_directories(at(path));
    } else {
      make_file(at(path));
    }
    attach(copy, at(path));
  }

  /// With what a symlink leads to.
  void show_target(const std::string& path) const {
    std::error_code error;
    const auto target = fs::canonical(path, error);
    if (error) return;
    show(target);
    if (target != path) show(path);
  }

  void show_devices() const {
    make_directories(at("/dev"));
    for (const auto& name : devices_) show("/dev/" + name);
    constexpr std::pair<const char*, const char*> links[] = {{"fd", "/proc/self/fd"},
                                                             {"stdin", "/proc/self/fd/0"},
                                                             {"stdout", "/proc/self/fd/1"},
                                                             {"stderr", "/proc/self/fd/2"}};
    for (const auto& [name, target] : links) make_symlink(target, at("/dev") / name);
  }

  /// But in the directories that are in memory, and of devices, which users who are not root could not write to.
  void allow_reading_only() const {
    change_mount(stage_, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, Below::yes);
    for (const auto* directory : memory_directories) change_mount(at(directory), 0, MOUNT_ATTR_RDONLY, Below::no);
    for (const auto& name : devices_) {
      const auto device = at("/dev") / name;
      std::error_code error;
      if (fs::exists(device, error)) change_mount(device, 0, MOUNT_ATTR_RDONLY, Below::no);
    }
  }

  void show_processes() const {
    if (mount_processes(at("/proc"))) return;
    // Others' processes cannot be signalled from here; /proc only names them.
    const auto copy = copy_mounts("/proc");
    if (copy) attach(copy, at("/proc"));
  }

 private:
  const fs::path stage_;
  const std::vector<std::string>& devices_;
};

/// Follows no symlink, as what is in the root is anybody's. A device that cannot be put there is left out: the root may
/// hold something else.
void put_devices_into(const std::string& root, const std::vector<std::string>& devices) {
  const FileDescriptor top(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!top) throw_sandbox_failure("opening " + root);
  if (::mkdirat(top.get(), "dev", 0755) != 0 && errno != EEXIST) throw_sandbox_failure("making /dev in the root");
  const FileDescriptor directory(::openat(top.get(), "dev", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return;
  for (const auto& name : devices) {
    const FileDescriptor made(::openat(directory.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!made) continue;
    const FileDescriptor over(::openat(directory.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    const auto device = copy_mounts("/dev/" + name);
    if (over && device) attach(device, over);
  }
}

}  // namespace

void enter_sandbox(const SandboxRequest& request) {
  const fs::path stage = fs::path(request.scratch) / "sandbox";
  make_directories(stage);
  make_directories(request.root);
  const auto scratch = copy_mounts(request.scratch);
  const View view(stage, request.devices);
  for (const auto* directory : system_directories) view.show(directory);
  for (const auto* name : configuration) view.show_target(std::string("/etc/") + name);
  for (const auto& path : request.readable) view.show_target(path);
  view.show_devices();
  make_directories(view.at("/proc"));
  make_directories(view.at(request.scratch));
  view.allow_reading_only();
  view.show_processes();
  attach(scratch, view.at(request.scratch));
  // A scriptlet that leaves the root finds this place, too.
  change_mount(view.at(request.scratch), MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, 0, Below::no);
  make_root(stage);
  put_devices_into(request.root, request.devices);
  constexpr std::string_view host_name = "localhost";
  if (::sethostname(host_name.data(), host_name.size()) != 0) throw_sandbox_failure("setting the host name");
  drop_privileges();
}

}  // namespace rpmoci

#include "rpm/unpackers.h"

#include <fcntl.h>
#include <rpm/rpmarchive.h>
#include <rpm/rpmfi.h>
#include <rpm/rpmlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <new>

#include "failure.h"
#include "rpm/package_file.h"
#include "write_all.h"

namespace rpmoci {

namespace {

constexpr std::size_t kBlock = 256 << 10;

/// Small enough to be written to a pipe at once.
struct Report {
  std::uint32_t package;
  std::uint32_t unpacked;
};

using OwnedArchive = Owned<rpmfi, rpmfiFree>;

void require(bool condition, const char* step) {
  if (!condition) throw Failure("RPM_INSTALL_FAILED", step);
}

void unpack_file(rpmfi archive, int directory, int index, std::vector<char>& block) {
  const auto mode = rpmfiFMode(archive) & 07777;
  const FileDescriptor file(
      ::openat(directory, std::to_string(index).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0777));
  require(static_cast<bool>(file), "making a file");
  for (auto left = rpmfiFSize(archive); left > 0;) {
    const auto count = rpmfiArchiveRead(archive, block.data(), std::min<std::uint64_t>(left, block.size()));
    require(count > 0, "reading the archive");
    require(write_all(file.get(), {block.data(), static_cast<std::size_t>(count)}), "writing");
    left -= static_cast<std::uint64_t>(count);
  }
  // Writing takes these away.
  if ((mode & ~0777) != 0) require(::fchmod(file.get(), mode) == 0, "setting a mode");
  const timespec time{static_cast<time_t>(rpmfiFMtime(archive)), 0};
  const timespec times[] = {time, time};
  require(::futimens(file.get(), times) == 0, "setting a time");
}

void unpack(rpmts transaction, const PackagePlan& plan, int directory) {
  LogCapture log;
  const auto stream = open_package(plan.path);
  const auto header = read_package_header(transaction, stream.get(), plan.path, log);
  const char* compressor = headerGetString(header.get(), RPMTAG_PAYLOADCOMPRESSOR);
  const auto mode = std::string("r.") + (compressor == nullptr ? "gzip" : compressor);
  const OwnedStream payload(Fdopen(fdDup(Fileno(stream.get())), mode.c_str()));
  require(payload != nullptr, "opening the payload");
  const OwnedFiles files(rpmfilesNew(nullptr, header.get(), RPMTAG_BASENAMES, RPMFI_KEEPHEADER));
  const OwnedArchive archive(rpmfiNewArchiveReader(payload.get(), files.get(), RPMFI_ITER_READ_ARCHIVE_CONTENT_FIRST));
  require(archive != nullptr, "opening the archive");
  std::vector<char> block(kBlock);
  int index;
  while ((index = rpmfiNext(archive.get())) >= 0) {
    if (rpmfiArchiveHasContent(archive.get()) != 0 && plan.first_made_name(index))
      unpack_file(archive.get(), directory, index, block);
  }
  require(index == RPMERR_ITER_END, "reading the archive");
}

bool try_to_unpack(rpmts transaction, const PackagePlan& plan, const FileDescriptor& parent, std::uint32_t package) {
  try {
    const auto name = std::to_string(package);
    require(::mkdirat(parent.get(), name.c_str(), 0700) == 0, "making a directory");
    const FileDescriptor directory(::openat(parent.get(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    require(static_cast<bool>(directory), "opening a directory");
    unpack(transaction, plan, directory.get());
    return true;
  } catch (const std::exception&) {
    // librpm will meet the same, and say so.
    return false;
  }
}

[[noreturn]] void serve(const std::vector<PackagePlan>& plans, const FileDescriptor& directory,
                        std::atomic<std::uint32_t>& next, int reports, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  ::umask(0);
  const OwnedTransaction transaction(rpmtsCreate());
  rpmtsSetVSFlags(transaction.get(), RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES);
  for (std::uint32_t package; (package = next++) < plans.size();) {
    if (!plans[package].plain) continue;
    const Report report{package, try_to_unpack(transaction.get(), plans[package], directory, package) ? 1U : 0U};
    if (::write(reports, &report, sizeof report) != sizeof report) break;
  }
  // Not by exit(): what was registered for that is of the process that this is a copy of.
  ::_exit(0);
}

}  // namespace

Unpackers::Unpackers(const std::vector<PackagePlan>& plans, const FileDescriptor& directory, unsigned processes)
    : states_(plans.size(), State::waiting) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  reports_ = FileDescriptor(ends[0]);
  const FileDescriptor writing_end(ends[1]);
  void* shared =
      ::mmap(nullptr, sizeof(std::atomic<std::uint32_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return;
  auto& next = *new (shared) std::atomic<std::uint32_t>(0);
  const auto parent = ::getpid();
  for (unsigned i = 0; i < processes; ++i) {
    const auto process = ::fork();
    if (process == 0) serve(plans, directory, next, writing_end.get(), parent);
    if (process > 0) processes_.push_back(process);
  }
  ::munmap(shared, sizeof(std::atomic<std::uint32_t>));
}

Unpackers::~Unpackers() {
  for (const auto process : processes_) ::kill(process, SIGKILL);
  for (const auto process : processes_) {
    while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

bool Unpackers::wait_for(std::size_t package) {
  while (states_[package] == State::waiting) {
    Report report;
    const auto count = ::read(reports_.get(), &report, sizeof report);
    if (count < 0 && errno == EINTR) continue;
    // They have all ended.
    if (count != sizeof report) return false;
    states_[report.package] = report.unpacked != 0 ? State::unpacked : State::failed;
  }
  return states_[package] == State::unpacked;
}

}  // namespace rpmoci

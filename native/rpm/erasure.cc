#include "rpm/erasure.h"

#include <fcntl.h>
#include <rpm/rpmlib.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "failure.h"
#include "rpm/library.h"
#include "rpm/log.h"
#include "rpm/problems.h"

namespace rpmoci {

namespace {

std::string contents(int file) {
  std::string text;
  char buffer[4096];
  for (off_t at = 0;;) {
    const auto count = pread(file, buffer, sizeof buffer, at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer, static_cast<size_t>(count));
    at += count;
  }
}

/// Sends the process's standard output and error elsewhere while it lives: Lua scriptlets run in this process and print
/// to the C library's streams, whatever file librpm was given for scriptlets.
class RedirectedOutput {
 public:
  explicit RedirectedOutput(int target) : saved_{FileDescriptor(dup_above(1)), FileDescriptor(dup_above(2))} {
    std::fflush(stdout);
    std::fflush(stderr);
    dup2(target, 1);
    dup2(target, 2);
  }
  ~RedirectedOutput() {
    std::fflush(stdout);
    std::fflush(stderr);
    for (int i = 0; i < 2; ++i) {
      if (saved_[i]) dup2(saved_[i].get(), i + 1);
    }
  }
  RedirectedOutput(const RedirectedOutput&) = delete;
  RedirectedOutput& operator=(const RedirectedOutput&) = delete;

 private:
  static int dup_above(int number) { return fcntl(number, F_DUPFD_CLOEXEC, 3); }
  FileDescriptor saved_[2];
};

/// Adds what is installed by that name and notes its NEVRA.
void add_erasures(rpmts transaction, const std::string& name, std::vector<std::string>& nevras) {
  const OwnedIterator found(rpmtsInitIterator(transaction, RPMDBI_NAME, name.c_str(), 0));
  while (const auto header = found ? rpmdbNextIterator(found.get()) : nullptr) {
    const Malloced<char> nevra(headerGetAsString(header, RPMTAG_NEVRA));
    const auto offset = static_cast<int>(rpmdbGetIteratorOffset(found.get()));
    if (rpmtsAddEraseElement(transaction, header, offset) != 0) {
      throw Failure("RPM_ERASE_FAILED", "librpm refuses to erase " + name);
    }
    nevras.emplace_back(nevra ? nevra.get() : name);
  }
}

/// Hands scriptlets to the watch that `data` is.
void* notify(const void* header, rpmCallbackType what, rpm_loff_t amount, rpm_loff_t, fnpyKey, rpmCallbackData data) {
  auto& watch = *static_cast<ScriptletWatch*>(data);
  if (what == RPMCALLBACK_SCRIPT_STOP) watch.stop();
  if (what != RPMCALLBACK_SCRIPT_START || header == nullptr) return nullptr;
  const Malloced<char> nevra(headerGetAsString(static_cast<Header>(const_cast<void*>(header)), RPMTAG_NEVRA));
  watch.start(static_cast<rpmTagVal>(amount), nevra ? nevra.get() : "");
  return nullptr;
}

}  // namespace

Erasure erase_packages(const RootDatabase& database, const std::vector<std::string>& names,
                       const ScriptletWatch::Perform& perform) {
  const auto guard = RpmLibrary::get().lock();
  LogCapture log;
  Erasure result;
  const FileDescriptor output(memfd_create("rpmoci-scriptlets", MFD_CLOEXEC));
  if (!output) throw Failure("RPM_ERASE_FAILED", std::string("cannot collect output: ") + std::strerror(errno));
  {
    const ScopedMacro path("_dbpath", database.db_path);
    const OwnedTransaction transaction(rpmtsCreate());
    const OwnedStream scriptlet_output(fdDup(output.get()));
    rpmtsSetRootDir(transaction.get(), database.root.c_str());
    // The packages were verified before they were installed, and a keyring would have to come from somewhere.
    rpmtsSetVSFlags(transaction.get(), RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES);
    rpmtsSetFlags(transaction.get(), RPMTRANS_FLAG_NOPLUGINS);
    rpmtsSetScriptFd(transaction.get(), scriptlet_output.get());
    if (rpmtsOpenDB(transaction.get(), O_RDWR) != 0) {
      throw Failure("RPMDB_UNREADABLE", "cannot open the rpm database " + database.root + database.db_path + ": " +
                                            log.summary("no reason given"));
    }
    auto unique_names = names;
    std::sort(unique_names.begin(), unique_names.end());
    unique_names.erase(std::unique(unique_names.begin(), unique_names.end()), unique_names.end());
    for (const auto& name : unique_names) add_erasures(transaction.get(), name, result.erased);
    if (!result.erased.empty()) {
      rpmtsOrder(transaction.get());
      std::optional<ScriptletWatch> watch;
      if (perform) rpmtsSetNotifyCallback(transaction.get(), &notify, &watch.emplace(perform, database.root));
      const int status = [&] {
        const RedirectedOutput redirected(output.get());
        return rpmtsRun(transaction.get(), nullptr, RPMPROB_FILTER_NONE);
      }();
      if (watch && !watch->failure().empty()) throw Failure("RPM_ERASE_FAILED", watch->failure());
      if (status != 0) {
        const auto problems = joined_problems(transaction.get());
        throw Failure("RPM_ERASE_FAILED", "librpm failed to erase packages from " + database.root + ": " +
                                              (problems.empty() ? log.summary("no reason given") : problems));
      }
    }
    rpmtsSetScriptFd(transaction.get(), nullptr);
  }
  std::sort(result.erased.begin(), result.erased.end());
  result.log = contents(output.get());
  for (const auto& record : log.records()) result.log += record.text + "\n";
  return result;
}

}  // namespace rpmoci

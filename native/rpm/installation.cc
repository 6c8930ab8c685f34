#include "rpm/installation.h"

#include <fcntl.h>
#include <rpm/rpmlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "failure.h"
#include "rpm/file_plan.h"
#include "rpm/library.h"
#include "rpm/log.h"
#include "rpm/package_file.h"
#include "rpm/package_header.h"
#include "rpm/placement.h"
#include "rpm/problems.h"
#include "rpm/scriptlet_watch.h"
#include "rpm/unpackers.h"

namespace rpmoci {

namespace {

std::string nevra_of(const void* header) {
  if (header == nullptr) return "a package";
  const Malloced<char> nevra(headerGetAsString(static_cast<Header>(const_cast<void*>(header)), RPMTAG_NEVRA));
  return nevra ? nevra.get() : "a package";
}

/// Lines on standard output, where whatever scriptlets print goes, too.
void say(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

/// Does librpm's work on files, where it can: what is unpacked already is moved into the root.
class FileWork {
 public:
  FileWork(rpmts transaction, const InstallationRequest& request)
      : transaction_(transaction),
        flags_(rpmtsFlags(transaction)),
        root_(open_path(request.database.root)),
        unpacked_(open_path(request.unpacked)),
        plans_(plan_files(transaction, request.docs)),
        unpackers_(plans_, unpacked_, request.unpackers),
        placement_(root_, unpacked_) {
    for (std::size_t package = 0; package < plans_.size(); ++package) packages_.emplace(plans_[package].path, package);
  }

  /// When librpm is about to unpack a package, in the root directory: the flag spares it that, and what follows is the
  /// same as without it.
  void begin(const char* path) {
    const auto found = packages_.find(path);
    if (found == packages_.end()) return;
    const auto& plan = plans_[found->second];
    if (!plan.plain || !unpackers_.wait_for(found->second) || !placement_.place(plan, found->second)) return;
    placed_.emplace(plan.nevra, &plan);
    rpmtsSetFlags(transaction_, flags_ | RPMTRANS_FLAG_JUSTDB);
  }

  void end() { rpmtsSetFlags(transaction_, flags_); }

  /// Tells the database which files were left out, as librpm does when it unpacks.
  void record_states() const {
    const OwnedIterator headers(rpmtsInitIterator(transaction_, RPMDBI_PACKAGES, nullptr, 0));
    rpmdbSetIteratorRewrite(headers.get(), 1);
    while (Header header = rpmdbNextIterator(headers.get())) {
      const Malloced<char> nevra(headerGetAsString(header, RPMTAG_NEVRA));
      const auto found = placed_.find(nevra.get());
      if (found == placed_.end()) continue;
      const auto& left_out = found->second->left_out;
      if (std::ranges::find(left_out, true) == left_out.end()) continue;
      // In place, as librpm itself changes them.
      TagData states(header, RPMTAG_FILESTATES, HEADERGET_MINMEM);
      for (std::size_t file = 0; file < left_out.size(); ++file) {
        if (!left_out[file] || rpmtdSetIndex(states.get(), static_cast<int>(file)) < 0) continue;
        if (char* state = rpmtdGetChar(states.get()); state != nullptr) *state = RPMFILE_STATE_NOTINSTALLED;
      }
      rpmdbSetIteratorModified(headers.get(), 1);
    }
  }

 private:
  static FileDescriptor open_path(const std::string& path) {
    return FileDescriptor(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }

  rpmts transaction_;
  const rpmtransFlags flags_;
  const FileDescriptor root_;
  const FileDescriptor unpacked_;
  const std::vector<PackagePlan> plans_;
  Unpackers unpackers_;
  Placement placement_;
  /// By path.
  std::unordered_map<std::string, std::size_t> packages_;
  /// By NEVRA.
  std::unordered_map<std::string, const PackagePlan*> placed_;
};

/// Hears of what librpm does.
class Observer {
 public:
  void set_file_work(FileWork* work) { work_ = work; }
  void set_watch(ScriptletWatch* watch) { watch_ = watch; }

  static void* notify(const void* header, rpmCallbackType what, rpm_loff_t amount, rpm_loff_t total, fnpyKey key,
                      rpmCallbackData data) {
    return static_cast<Observer*>(data)->hear(header, what, amount, total, static_cast<const char*>(key));
  }

  const std::vector<std::string>& failed_scriptlets() const { return failed_scriptlets_; }
  /// Those that failed the installation of their package.
  const std::vector<std::string>& fatal_scriptlets() const { return fatal_scriptlets_; }

 private:
  using Clock = std::chrono::steady_clock;

  void* hear(const void* header, rpmCallbackType what, rpm_loff_t amount, rpm_loff_t total, const char* path) {
    switch (what) {
      case RPMCALLBACK_INST_OPEN_FILE:
        file_.reset(Fopen(path, "r.ufdio"));
        return file_.get();
      case RPMCALLBACK_INST_CLOSE_FILE:
        file_.reset();
        return nullptr;
      case RPMCALLBACK_ELEM_PROGRESS:
        place_ = std::to_string(amount + 1) + "/" + std::to_string(total);
        return nullptr;
      case RPMCALLBACK_INST_START:
        say("Installing " + nevra_of(header) + " (" + place_ + ")");
        if (work_ != nullptr) work_->begin(path);
        return nullptr;
      case RPMCALLBACK_INST_STOP:
        if (work_ != nullptr) work_->end();
        return nullptr;
      case RPMCALLBACK_SCRIPT_START:
        say("Running " + scriptlet_phase(static_cast<rpmTagVal>(amount)) + " of " + nevra_of(header));
        began_ = Clock::now();
        if (watch_ != nullptr) watch_->start(static_cast<rpmTagVal>(amount), nevra_of(header));
        return nullptr;
      case RPMCALLBACK_SCRIPT_STOP: {
        if (watch_ != nullptr) watch_->stop();
        char line[64];
        const std::chrono::duration<double> lasted = Clock::now() - began_;
        std::snprintf(line, sizeof line, "It ran for %.2f s", lasted.count());
        say(line);
        return nullptr;
      }
      case RPMCALLBACK_SCRIPT_ERROR:
        (total == RPMRC_OK ? failed_scriptlets_ : fatal_scriptlets_)
            .push_back(scriptlet_phase(static_cast<rpmTagVal>(amount)) + " of " + nevra_of(header));
        return nullptr;
      default:
        return nullptr;
    }
  }

  FileWork* work_ = nullptr;
  ScriptletWatch* watch_ = nullptr;
  OwnedStream file_;
  std::string place_;
  Clock::time_point began_;
  std::vector<std::string> failed_scriptlets_;
  std::vector<std::string> fatal_scriptlets_;
};

/// As dnf's default of `installonlypkgs` says: several versions stand beside each other.
bool is_install_only(Header header) {
  constexpr std::string_view names[] = {"kernel", "kernel-PAE"};
  constexpr std::string_view capabilities[] = {"installonlypkg(kernel)", "installonlypkg(kernel-module)",
                                               "installonlypkg(vm)", "multiversion(kernel)"};
  const auto provides = sorted_strings(header, RPMTAG_PROVIDENAME);
  const auto provided = [&](std::string_view name) { return std::ranges::binary_search(provides, name); };
  return std::ranges::any_of(names, provided) || std::ranges::any_of(capabilities, provided);
}

void add_package(rpmts transaction, const std::string& path, bool upgrade) {
  LogCapture log;
  const auto stream = open_package(path);
  const auto header = read_package_header(transaction, stream.get(), path, log);
  // In an empty root nothing is an upgrade. Of packages of which several may be installed, the lockfile may have
  // several.
  const int how = upgrade && !is_install_only(header.get()) ? 1 : 0;
  if (rpmtsAddInstallElement(transaction, header.get(), path.c_str(), how, nullptr) != 0) {
    throw Failure("RPM_INSTALL_FAILED", "librpm refuses to install " + path + ": " + log.summary("no reason given"));
  }
}

rpmprobFilterFlags problems_that_count_not(const InstallationRequest& request) {
  rpmprobFilterFlags flags = RPMPROB_FILTER_NONE;
  if (request.foreign) flags |= RPMPROB_FILTER_IGNOREARCH | RPMPROB_FILTER_IGNOREOS;
  // Which versions there are to be is decided already, and may be older ones.
  if (request.upgrade) flags |= RPMPROB_FILTER_OLDPACKAGE;
  return flags;
}

[[noreturn]] void fail(rpmts transaction, const LogCapture& log, const Observer& observer) {
  std::string reasons;
  const auto add = [&](const std::string& text) { reasons += (reasons.empty() ? "" : "\n") + text; };
  for (const auto& text : problems_of(transaction)) add(text);
  for (const auto& scriptlet : observer.fatal_scriptlets()) add(scriptlet + " failed");
  // Since rpm 6 they fail the transaction, too, though not their package.
  for (const auto& scriptlet : observer.failed_scriptlets()) add(scriptlet + " failed");
  for (const auto& record : log.records()) add(record.text);
  throw Failure("RPM_INSTALL_FAILED", reasons.empty() ? "librpm gives no reason" : reasons);
}

}  // namespace

Installation install_packages(const InstallationRequest& request) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto guard = RpmLibrary::get().lock();
  LogCapture log;
  std::vector<std::unique_ptr<ScopedMacro>> macros;
  for (const auto& [name, value] : request.macros) macros.push_back(std::make_unique<ScopedMacro>(name, value));
  const ScopedMacro database_path("_dbpath", request.database.db_path);

  Observer observer;
  const OwnedTransaction transaction(rpmtsCreate());
  const OwnedStream output(fdDup(STDOUT_FILENO));
  rpmtsSetRootDir(transaction.get(), request.database.root.c_str());
  // The files were verified a moment ago, more strictly than librpm would.
  rpmtsSetVSFlags(transaction.get(), RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES);
  rpmtsSetVfyFlags(transaction.get(), RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES);
  rpmtsSetVfyLevel(transaction.get(), 0);
  rpmtsSetFlags(transaction.get(), RPMTRANS_FLAG_NOPLUGINS | (request.docs ? 0 : RPMTRANS_FLAG_NODOCS));
  rpmtsSetScriptFd(transaction.get(), output.get());
  rpmtsSetNotifyCallback(transaction.get(), &Observer::notify, &observer);
  if (rpmtsOpenDB(transaction.get(), O_RDWR | O_CREAT) != 0) {
    throw Failure("RPM_INSTALL_FAILED", "cannot create the rpm database " + request.database.root +
                                            request.database.db_path + ": " + log.summary("no reason given"));
  }
  for (const auto& path : request.packages) add_package(transaction.get(), path, request.upgrade);
  if (rpmtsCheck(transaction.get()) != 0 || !problems_of(transaction.get()).empty())
    fail(transaction.get(), log, observer);
  rpmtsOrder(transaction.get());
  rpmtsClean(transaction.get());
  std::optional<FileWork> work;
  if (request.unpackers > 0) observer.set_file_work(&work.emplace(transaction.get(), request));
  std::optional<ScriptletWatch> watch;
  if (request.perform) observer.set_watch(&watch.emplace(request.perform, request.database.root));
  const bool failed = rpmtsRun(transaction.get(), nullptr, problems_that_count_not(request)) != 0;
  if (watch && !watch->failure().empty()) throw Failure("RPM_INSTALL_FAILED", watch->failure());
  if (failed) fail(transaction.get(), log, observer);
  if (work) work->record_states();
  rpmtsSetScriptFd(transaction.get(), nullptr);

  Installation result;
  result.failed_scriptlets = observer.failed_scriptlets();
  for (const auto& record : log.records()) result.warnings.push_back(record.text);
  return result;
}

}  // namespace rpmoci

#include "rpm/library.h"

#include <rpm/rpmlib.h>
#include <rpm/rpmmacro.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "failure.h"
#include "rpm/log.h"

namespace rpmoci {

namespace {

/// What rpm's own macros file leaves to the host, or derives from it. The paths lead nowhere on purpose: an operation
/// that needs a database names it, and no operation may fall back to the host's.
constexpr std::pair<const char*, const char*> kMacros[] = {
    {"_dbpath", "/nonexistent/rpmdb"},
    {"_dbpath_rebuild", "%{_dbpath}"},
    {"_rpmlock_path", "%{_dbpath}/.rpm.lock"},
    {"_keyring", "rpmdb"},
    {"_keyringpath", "/nonexistent/pubkeys"},
    {"_db_backend", "sqlite"},
    {"_pkgverify_level", "all"},
    {"_pkgverify_flags", "0x0"},
    {"_install_langs", "all"},
    {"_netsharedpath", "%{nil}"},
    {"_excludedocs", "0"},
    {"_transaction_color", "0"},
    {"_prefer_color", "2"},
    {"_color_output", "never"},
    {"_flush_io", "0"},
    {"_minimize_writes", "0"},
    {"_rollback_transaction_on_failure", "0"},
    {"_install_script_path", "/sbin:/bin:/usr/sbin:/usr/bin"},
    // librpm expands this one without a default on some generations.
    {"_tmppath", "/var/tmp"},
};

}  // namespace

RpmLibrary& RpmLibrary::get() {
  // Never destroyed: threads of the addon may still use it while the process exits.
  static RpmLibrary* const library = new RpmLibrary;
  return *library;
}

RpmLibrary::RpmLibrary() {
  LogCapture::install();
  LogCapture log;
  // Only what rpm's package ships: neither /etc/rpm nor the user's home may change what we say or do. Both lists are
  // librpm's own mechanism (`--macros` and `--rcfile` of its tools set them).
  const std::string directory = rpmConfigDir();
  static const std::string macro_files = directory + "/macros";
  macrofiles = macro_files.c_str();
  if (rpmReadConfigFiles((directory + "/rpmrc").c_str(), nullptr) != 0) {
    throw Failure("RPM_CONFIGURATION",
                  "librpm cannot read its configuration in " + directory + ": " + log.summary("no reason given"));
  }
  // librpm frees or compares the list in no later call, but a pointer into a string of ours should not stay behind.
  macrofiles = nullptr;
  for (const auto& [name, value] : kMacros) rpmPushMacro(nullptr, name, nullptr, value, RMIL_CMDLINE);
  process_ = ::getpid();
  std::atexit(&RpmLibrary::close);
}

void RpmLibrary::close() {
  // In a copy of the process, made by fork, the lock may be that of a thread which is not there.
  if (::getpid() != get().process_) return;
  static const auto* const forever = new Exclusive(get());
  static_cast<void>(forever);
}

std::shared_lock<std::shared_mutex> RpmLibrary::share() {
  const std::lock_guard turn(turn_);
  return std::shared_lock(users_);
}

RpmLibrary::Exclusive::Exclusive(RpmLibrary& library) : library_(library), turn_(library.turn_) {
  if (library_.depth_++ == 0) library_.users_.lock();
}

RpmLibrary::Exclusive::~Exclusive() {
  if (--library_.depth_ == 0) library_.users_.unlock();
}

ScopedMacro::ScopedMacro(std::string name, const std::string& value) : name_(std::move(name)) {
  std::string literal;
  for (const char c : value) literal += c == '%' ? std::string("%%") : std::string(1, c);
  rpmPushMacro(nullptr, name_.c_str(), nullptr, literal.c_str(), RMIL_CMDLINE);
}

ScopedMacro::~ScopedMacro() { rpmPopMacro(nullptr, name_.c_str()); }

}  // namespace rpmoci

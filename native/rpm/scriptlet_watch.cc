#include "rpm/scriptlet_watch.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <exception>
#include <utility>

#include "failure.h"
#include "quote.h"

namespace rpmoci {

namespace {

constexpr std::pair<rpmTagVal, const char*> kPhases[] = {
    {RPMTAG_PRETRANS, "%pretrans"},
    {RPMTAG_PREIN, "%pre"},
    {RPMTAG_POSTIN, "%post"},
    {RPMTAG_PREUN, "%preun"},
    {RPMTAG_POSTUN, "%postun"},
    {RPMTAG_POSTTRANS, "%posttrans"},
    {RPMTAG_TRIGGERPREIN, "%triggerprein"},
    {RPMTAG_TRIGGERIN, "%triggerin"},
    {RPMTAG_TRIGGERUN, "%triggerun"},
    {RPMTAG_TRIGGERPOSTUN, "%triggerpostun"},
    {RPMTAG_FILETRIGGERIN, "%filetriggerin"},
    {RPMTAG_TRANSFILETRIGGERIN, "%transfiletriggerin"},
};

const char* known_phase(rpmTagVal tag) {
  for (const auto& [known, name] : kPhases) {
    if (known == tag) return name;
  }
  // Since rpm 4.19.
  static const auto before_removal = rpmTagGetValue("Preuntrans");
  static const auto after_removal = rpmTagGetValue("Postuntrans");
  if (tag == before_removal) return "%preuntrans";
  if (tag == after_removal) return "%postuntrans";
  return nullptr;
}

/// What librpm forks now is to end at once. A handler cannot be taken back, so that it asks.
std::atomic<bool> children_end = false;

void end_child() {
  if (children_end) _exit(0);
}

}  // namespace

std::string scriptlet_phase(rpmTagVal tag) {
  if (const char* name = known_phase(tag)) return name;
  const char* name = rpmTagGetName(tag);
  return name == nullptr ? "a scriptlet" : name;
}

ScriptletWatch::ScriptletWatch(Perform perform, const std::string& root) : perform_(std::move(perform)) {
  struct stat status {};
  if (::stat(root.c_str(), &status) != 0) throw Failure("RPM_INSTALL_FAILED", root + ": " + reason(errno));
  device_ = status.st_dev;
  inode_ = status.st_ino;
  static const int registered = pthread_atfork(nullptr, nullptr, end_child);
  if (registered != 0) failure_ = "this process cannot do without scriptlets";
}

ScriptletWatch::~ScriptletWatch() { children_end = false; }

void ScriptletWatch::start(rpmTagVal tag, const std::string& package) noexcept {
  // What rpm does about users and groups that packages provide is a program of this machine.
  const char* phase = known_phase(tag);
  if (phase == nullptr) return;
  children_end = true;
  if (!failure_.empty()) return;
  // Whatever is done must not be done to this machine.
  struct stat status {};
  if (::stat("/", &status) != 0 || status.st_dev != device_ || status.st_ino != inode_) {
    failure_ = std::string(phase) + " of " + package + ": librpm has not entered the root";
    return;
  }
  try {
    perform_(phase, package);
  } catch (const std::exception& error) {
    failure_ = std::string(phase) + " of " + package + ": " + error.what();
  } catch (...) {
    failure_ = std::string(phase) + " of " + package + " failed";
  }
}

void ScriptletWatch::stop() noexcept { children_end = false; }

}  // namespace rpmoci

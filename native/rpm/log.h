// librpm reports through one process-wide log; this hands each thread what librpm said during one of its operations.
#pragma once

#include <locale.h>
#include <rpm/rpmlog.h>

#include <string>
#include <vector>

namespace rpmoci {

struct LogRecord {
  rpmlogLvl level;
  /// Without the line feed at its end.
  std::string text;
};

/// Collects this thread's log records up to `level` while it lives, in librpm's own untranslated words. The innermost
/// one gets the records. Make one only under RpmLibrary's lock: librpm's verbosity is process-wide.
class LogCapture {
 public:
  explicit LogCapture(rpmlogLvl level = RPMLOG_WARNING);
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  const std::vector<LogRecord>& records() const { return records_; }
  /// All texts, joined with "; ". `otherwise` when there are none.
  std::string summary(const std::string& otherwise) const;

  /// To be set once as librpm's callback; what no LogCapture waits for is dropped, nothing ever reaches stderr.
  static int receive(rpmlogRec record, rpmlogCallbackData);

 private:
  std::vector<LogRecord> records_;
  LogCapture* outer_;
  int outer_mask_;
  locale_t outer_locale_;
};

}  // namespace rpmoci

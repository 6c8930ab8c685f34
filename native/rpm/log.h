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
/// one gets the records.
class LogCapture {
 public:
  explicit LogCapture(rpmlogLvl level = RPMLOG_WARNING);
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  const std::vector<LogRecord>& records() const { return records_; }
  /// All texts, joined with "; ". `otherwise` when there are none.
  std::string summary(const std::string& otherwise) const;

  /// Sets librpm up, once: it says everything up to RPMLOG_INFO, which no operation changes, for that is process-wide;
  /// what no LogCapture waits for is dropped, and nothing ever reaches stderr.
  static void install();

 private:
  static int receive(rpmlogRec record, rpmlogCallbackData);

  std::vector<LogRecord> records_;
  const rpmlogLvl level_;
  LogCapture* outer_;
  locale_t outer_locale_;
};

}  // namespace rpmoci

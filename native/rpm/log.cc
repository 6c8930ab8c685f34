#include "rpm/log.h"

namespace rpmoci {

namespace {

thread_local LogCapture* current = nullptr;

locale_t untranslated() {
  static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
  return locale;
}

}  // namespace

void LogCapture::install() {
  rpmlogSetMask(RPMLOG_UPTO(RPMLOG_INFO));
  rpmlogSetCallback(&LogCapture::receive, nullptr);
}

LogCapture::LogCapture(rpmlogLvl level) : level_(level), outer_(current), outer_locale_(uselocale(untranslated())) {
  current = this;
}

LogCapture::~LogCapture() {
  current = outer_;
  uselocale(outer_locale_);
  // librpm keeps a copy of every warning until it is told to forget them.
  rpmlogClose();
}

std::string LogCapture::summary(const std::string& otherwise) const {
  std::string joined;
  for (const auto& record : records_) {
    if (!joined.empty()) joined += "; ";
    joined += record.text;
  }
  return joined.empty() ? otherwise : joined;
}

int LogCapture::receive(rpmlogRec record, rpmlogCallbackData) {
  if (current != nullptr && rpmlogRecPriority(record) <= current->level_) {
    const char* message = rpmlogRecMessage(record);
    std::string text = message == nullptr ? "" : message;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    current->records_.push_back({rpmlogRecPriority(record), std::move(text)});
  }
  return 0;
}

}  // namespace rpmoci

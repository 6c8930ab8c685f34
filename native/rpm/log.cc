#include "rpm/log.h"

namespace rpmoci {

namespace {

thread_local LogCapture* current = nullptr;

locale_t untranslated() {
  static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
  return locale;
}

}  // namespace

LogCapture::LogCapture(rpmlogLvl level)
    : outer_(current), outer_mask_(rpmlogSetMask(RPMLOG_UPTO(level))), outer_locale_(uselocale(untranslated())) {
  current = this;
}

LogCapture::~LogCapture() {
  current = outer_;
  uselocale(outer_locale_);
  // A mask of 0 asks and changes nothing.
  rpmlogSetMask(outer_mask_);
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
  if (current != nullptr) {
    const char* message = rpmlogRecMessage(record);
    std::string text = message == nullptr ? "" : message;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    current->records_.push_back({rpmlogRecPriority(record), std::move(text)});
  }
  return 0;
}

}  // namespace rpmoci

#include "solv/markup_scanner.h"

#include <algorithm>
#include <cstring>

namespace rpmoci {

namespace {

constexpr std::size_t kMostBytes = 256 << 10;
constexpr const char* kTooLong = "it has a tag, text or comment of more than 256 KiB";

const char* find(const char* from, const char* end, char byte) {
  const auto* found = static_cast<const char*>(std::memchr(from, byte, static_cast<std::size_t>(end - from)));
  return found == nullptr ? end : found;
}

}  // namespace

const char* MarkupScanner::scan(const char* bytes, std::size_t size) {
  if (size == 0) return nullptr;
  if (const auto* fault = measure_distances(bytes, size)) return fault;
  if (const auto* fault = measure_markup(bytes, size)) return fault;
  const char* end = bytes + size;
  const char last = before(end, bytes, 1);
  tail_[0] = before(end, bytes, 2);
  tail_[1] = last;
  return nullptr;
}

const char* MarkupScanner::measure_distances(const char* bytes, std::size_t size) {
  const char* end = bytes + size;
  const char* first = find(bytes, end, '<');
  since_last_ += static_cast<std::size_t>(first - bytes);
  if (since_last_ > kMostBytes) return kTooLong;
  if (first != end) {
    const auto* last = static_cast<const char*>(memrchr(bytes, '<', size));
    since_last_ = static_cast<std::size_t>(end - last);
  }
  return nullptr;
}

const char* MarkupScanner::measure_markup(const char* bytes, std::size_t size) {
  const char* end = bytes + size;
  // Each byte is searched for once only.
  const char* declaration = find(bytes, end, '!');
  const char* instruction = find(bytes, end, '?');
  for (const char* at = bytes; at < end;) {
    if (markup_ == Markup::kOther) {
      if (declaration < at) declaration = find(at, end, '!');
      if (instruction < at) instruction = find(at, end, '?');
      at = std::min(declaration, instruction);
      if (at == end) break;
      if (before(at, bytes, 1) == '<') {
        markup_ = *at == '?' ? Markup::kInstruction : Markup::kDeclaration;
        length_ = 0;
      }
      ++at;
      continue;
    }
    if (length_ == 0) kind_ = *at;
    if (markup_ == Markup::kDeclaration && kind_ != '-' && kind_ != '[') return "it has a document type declaration";
    const char* close = find(at, end, '>');
    length_ += static_cast<std::size_t>(close - at) + 1;
    if (length_ > kMostBytes) return kTooLong;
    if (close == end) break;
    if (ends_markup(close, bytes)) markup_ = Markup::kOther;
    at = close + 1;
  }
  return nullptr;
}

bool MarkupScanner::ends_markup(const char* close, const char* bytes) const {
  const char last = before(close, bytes, 1);
  if (markup_ == Markup::kInstruction) return last == '?';
  const char expected = kind_ == '-' ? '-' : ']';
  return last == expected && before(close, bytes, 2) == expected;
}

char MarkupScanner::before(const char* position, const char* bytes, std::ptrdiff_t distance) const {
  const auto offset = position - bytes - distance;
  return offset >= 0 ? bytes[offset] : tail_[2 + offset];
}

}  // namespace rpmoci

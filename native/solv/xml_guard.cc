#include "solv/xml_guard.h"

#include <algorithm>

namespace rpmoci {

namespace {

/// Metadata nests six deep.
constexpr std::size_t kDeepest = 32;
/// Fedora has 70,000 packages.
constexpr std::size_t kMostChildren = std::size_t{1} << 20;
/// Bytes. Descriptions are the longest texts.
constexpr std::size_t kLongestText = std::size_t{1} << 20;
/// Bytes. Some versions of expat look at an unfinished tag from its start with every block.
constexpr std::size_t kLongestMarkup = std::size_t{64} << 10;

constexpr std::string_view kComment = "--";
constexpr std::string_view kCdata = "[CDATA[";

bool ends_name(char character) { return std::string_view("/> \t\r\n").find(character) != std::string_view::npos; }

}  // namespace

bool XmlGuard::feed(std::string_view bytes) {
  while (!bytes.empty() && fault_.empty()) {
    if (state_ != State::kText || !leaf(bytes)) step(bytes);
  }
  return fault_.empty();
}

/// Most of a list of files: an element without attributes that holds nothing but text, taken in one go when it is whole
/// and small.
bool XmlGuard::leaf(std::string_view& rest) {
  const auto start = rest.find('<');
  if (depth_ == 0 || depth_ == kDeepest || start == std::string_view::npos || start > kLongestText - text_length_)
    return false;
  std::size_t at = start + 1;
  while (at < rest.size() && rest[at] >= 'a' && rest[at] <= 'z') ++at;
  if (at == start + 1 || at == rest.size() || rest[at] != '>' || at - start > kLongestMarkup) return false;
  const auto opened = rest.substr(start + 1, at - start);
  const auto end = rest.find('<', at);
  if (end == std::string_view::npos || end - at > kLongestMarkup || rest.substr(end + 1, 1) != "/") return false;
  if (rest.substr(end + 2, opened.size()) != opened) return false;
  if (depth_ == 1 && ++children_ > kMostChildren) fail("it has more than a million entries");
  rest.remove_prefix(end + 2 + opened.size());
  text_length_ = 0;
  return true;
}

bool XmlGuard::fail(const char* fault) {
  fault_ = fault;
  return false;
}

bool XmlGuard::step(std::string_view& rest) {
  switch (state_) {
    case State::kText:
      return text(rest);
    case State::kOpening:
      return opening(rest);
    case State::kStartTag:
      return start_tag(rest);
    case State::kEndTag:
      return end_tag(rest);
    case State::kDeclaration:
      return declaration(rest);
    case State::kComment:
      return until(rest, "-->");
    case State::kCdata:
      return until(rest, "]]>");
    case State::kInstruction:
      return until(rest, "?>");
  }
  return false;
}

bool XmlGuard::lengthen_text(std::size_t count) {
  text_length_ += count;
  return text_length_ <= kLongestText || fail("it has a text of more than 1 MiB");
}

bool XmlGuard::lengthen_markup(std::size_t count) {
  markup_length_ += count;
  return markup_length_ <= kLongestMarkup || fail("it has a tag or comment of more than 64 KiB");
}

bool XmlGuard::begin(State state) {
  state_ = state;
  markup_length_ = 0;
  tail_.clear();
  quote_ = 0;
  slash_ = false;
  return true;
}

bool XmlGuard::text(std::string_view& rest) {
  const auto end = std::min(rest.find('<'), rest.size());
  if (!lengthen_text(end)) return false;
  if (end < rest.size()) begin(State::kOpening);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return true;
}

bool XmlGuard::opening(std::string_view& rest) {
  const char first = rest.front();
  if (first == '?') {
    begin(State::kInstruction);
  } else if (first == '!') {
    begin(State::kDeclaration);
  } else if (first == '/') {
    begin(State::kEndTag);
  } else {
    name_.clear();
    return begin(State::kStartTag);
  }
  rest.remove_prefix(1);
  return true;
}

bool XmlGuard::start_tag(std::string_view& rest) {
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    const char character = rest[at];
    if (quote_ != 0) {
      if (character == quote_) quote_ = 0;
      continue;
    }
    if (depth_ == 0 && tail_.empty()) {
      if (ends_name(character)) {
        tail_ = "named";
      } else if (name_.size() < root_.size() + 1) {
        name_.push_back(character);
      }
    }
    if (character == '>') {
      rest.remove_prefix(at + 1);
      return end_of_start_tag(slash_);
    }
    if (character == '"' || character == '\'') quote_ = character;
    slash_ = character == '/';
  }
  rest = {};
  return lengthen_markup(at);
}

bool XmlGuard::end_of_start_tag(bool empty) {
  if (depth_ == 0 && name_ != root_) return fail("its root element is another one than expected");
  if (depth_ == 1 && ++children_ > kMostChildren) return fail("it has more than a million entries");
  if (!empty && ++depth_ > kDeepest) return fail("its elements are nested too deeply");
  text_length_ = 0;
  return begin(State::kText);
}

bool XmlGuard::end_tag(std::string_view& rest) {
  const auto end = rest.find('>');
  if (end == std::string_view::npos) {
    const auto count = rest.size();
    rest = {};
    return lengthen_markup(count);
  }
  rest.remove_prefix(end + 1);
  if (depth_ > 0) --depth_;
  text_length_ = 0;
  return begin(State::kText);
}

bool XmlGuard::declaration(std::string_view& rest) {
  tail_.push_back(rest.front());
  rest.remove_prefix(1);
  if (tail_ == kComment) return begin(State::kComment);
  if (tail_ == kCdata) return begin(State::kCdata);
  if (kComment.starts_with(tail_) || kCdata.starts_with(tail_)) return true;
  return fail("it has a document type declaration");
}

bool XmlGuard::until(std::string_view& rest, std::string_view end) {
  const bool is_text = state_ == State::kCdata;
  for (std::size_t at = 0; at < rest.size(); ++at) {
    const char character = rest[at];
    tail_.push_back(character);
    if (tail_.size() > end.size()) tail_.erase(0, 1);
    if (character == '>' && tail_ == end) {
      rest.remove_prefix(at + 1);
      return begin(State::kText) && (!is_text || lengthen_text(at));
    }
  }
  const auto count = rest.size();
  rest = {};
  return is_text ? lengthen_text(count) : lengthen_markup(count);
}

}  // namespace rpmoci

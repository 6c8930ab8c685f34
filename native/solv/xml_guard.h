// Bounds on XML that nobody vouches for. libsolv and expat take whatever is well-formed: a nest of a hundred million
// elements, a tag or a text without an end, entities that multiply; and libsolv takes any root element.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace rpmoci {

/// Reads along, markup only, as the bytes go to a parser. It decides nothing but these bounds, each far beyond what
/// repositories have; whether the text is well-formed is for the parser to say. Encodings in which `<` is not one byte
/// fail at the root element.
class XmlGuard {
 public:
  /// `root` is the name that the root element must have.
  explicit XmlGuard(std::string root) : root_(std::move(root)) {}

  /// Looks at the next bytes of the file. False once a bound is crossed; the parser must not get these bytes.
  bool feed(std::string_view bytes);

  /// What is wrong, as the end of a sentence about the file; empty when nothing is.
  const std::string& fault() const { return fault_; }

 private:
  enum class State { kText, kOpening, kStartTag, kEndTag, kDeclaration, kComment, kCdata, kInstruction };

  bool leaf(std::string_view& rest);
  bool step(std::string_view& rest);
  bool text(std::string_view& rest);
  bool opening(std::string_view& rest);
  bool start_tag(std::string_view& rest);
  bool end_tag(std::string_view& rest);
  bool declaration(std::string_view& rest);
  bool until(std::string_view& rest, std::string_view end);
  bool begin(State state);
  bool end_of_start_tag(bool empty);
  bool lengthen_text(std::size_t count);
  bool lengthen_markup(std::size_t count);
  bool fail(const char* fault);

  std::string root_;
  std::string fault_;
  State state_ = State::kText;
  std::size_t depth_ = 0;
  /// Elements right below the root.
  std::size_t children_ = 0;
  /// Of the text since the last tag: comments and the like do not end it.
  std::size_t text_length_ = 0;
  /// Of the tag, comment, … that is being read.
  std::size_t markup_length_ = 0;
  /// Of the root element while its tag is read.
  std::string name_;
  /// What of a declaration, or of the end of a comment and the like, has been seen.
  std::string tail_;
  /// The quotation mark that an attribute's value waits for; 0 outside.
  char quote_ = 0;
  bool slash_ = false;
};

}  // namespace rpmoci

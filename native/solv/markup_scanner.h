// Looks over XML for pieces of markup that nobody writes and that take a parser quadratic time.
#pragma once

#include <cstddef>

namespace rpmoci {

/// A parser that is fed piece by piece begins each piece of markup anew until it has the whole of it. Tags hold no `<`,
/// so that the distance between two of them bounds tags and texts; comments and instructions are measured. Document
/// type declarations, with which entities are defined, are not for metadata.
class MarkupScanner {
 public:
  /// Takes the next bytes, at most some ten thousand. Returns what is wrong with them, or null.
  const char* scan(const char* bytes, std::size_t size);

 private:
  enum class Markup { kOther, kInstruction, kDeclaration };

  const char* measure_distances(const char* bytes, std::size_t size);
  const char* measure_markup(const char* bytes, std::size_t size);
  bool ends_markup(const char* close, const char* bytes) const;
  /// The byte before the one at `position`, which may be out of the call before.
  char before(const char* position, const char* bytes, std::ptrdiff_t distance) const;

  std::size_t since_last_ = 0;
  Markup markup_ = Markup::kOther;
  std::size_t length_ = 0;
  /// What follows `<!`.
  char kind_ = 0;
  /// The last bytes of the call before.
  char tail_[2] = {};
};

}  // namespace rpmoci

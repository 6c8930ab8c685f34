// RPM dependencies in text: `name`, `name >= evr`, `(a or b)`.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "solv/libsolv.h"

namespace rpmoci {

/// Nothing that a user writes in one line of a manifest is longer, and what is would exhaust the stack of libsolv's
/// recursive parser or fnmatch's. Bytes.
inline constexpr std::size_t kLongestText = 4096;

struct DependencyParts {
  std::string name;
  /// Some of REL_LT, REL_EQ and REL_GT; 0 when there is no version.
  int relation = 0;
  std::string evr;
};

/// Splits a dependency that is not rich. A blank ends the name; there may be none between operator and version. Text
/// with blanks that has another form is a name as a whole, as a file's name may hold blanks. Nothing for what is no
/// dependency: an empty name, a relation without a version, a text too long.
std::optional<DependencyParts> split_dependency(const std::string& text);

/// The Id of a dependency, rich ones included; 0 when the text is not one.
Id parse_dependency(::Pool* pool, const std::string& text);

/// The Id for `name` in the relation that the parts say.
Id dependency_on(::Pool* pool, Id name, const DependencyParts& parts);

}  // namespace rpmoci

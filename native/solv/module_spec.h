// What a user writes to name module streams: `name:stream:version:context::arch/profile`.
#pragma once

#include <optional>
#include <string>

#include "solv/module_metadata.h"

namespace rpmoci {

/// Parts that were not written are empty and match anything; all may be patterns.
struct ModuleSpec {
  std::string name;
  std::string stream;
  std::string version;
  std::string context;
  std::string arch;
  std::string profile;

  bool matches(const ModuleBuild& build) const;
};

/// Reads dnf's forms: `name`, `name:stream`, with `:version`, with `:context`, then `:arch` or, after any of them,
/// `::arch`; and `/profile` at the end. Nothing for another text.
std::optional<ModuleSpec> parse_module_spec(const std::string& text);

}  // namespace rpmoci

// The forms of a package's name that a user may write: `name`, `name.arch`, `name-version`, and so on, with globs.
#pragma once

#include <optional>
#include <string>

namespace rpmoci {

/// An empty part was not written and matches anything.
struct NevraPattern {
  std::string name;
  std::optional<unsigned long> epoch;
  std::string version;
  std::string release;
  std::string arch;

  bool has_just_name() const { return !epoch && version.empty() && release.empty() && arch.empty(); }
};

enum class NevraForm { kNevra, kNameArch, kName, kNevr, kNev };

/// The forms in the order in which dnf tries them.
inline constexpr NevraForm kNevraForms[] = {NevraForm::kNevra, NevraForm::kNameArch, NevraForm::kName, NevraForm::kNevr,
                                            NevraForm::kNev};

/// Reads `text` as `form`; nothing when it cannot be one. Dashes belong to the name as far as they can.
std::optional<NevraPattern> parse_nevra(const std::string& text, NevraForm form);

/// True when the text has one of the characters that begin a pattern: `*`, `?`, `[`.
bool is_glob(const std::string& text);

/// Like fnmatch for a pattern, equality otherwise.
bool matches_text(const std::string& pattern, const char* text);

}  // namespace rpmoci

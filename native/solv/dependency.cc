#include "solv/dependency.h"

#include <algorithm>
#include <string_view>

namespace rpmoci {

namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";
/// Deeper than any packager nests, and harmless to the recursive parser.
constexpr auto kDeepestNesting = 100;

struct Operator {
  std::string_view text;
  int relation;
};

/// Those that begin like another come before it.
constexpr Operator kOperators[] = {{"<=", REL_LT | REL_EQ}, {">=", REL_GT | REL_EQ}, {"==", REL_EQ},
                                   {"<", REL_LT},           {">", REL_GT},           {"=", REL_EQ}};

/// Cuts the operator that `rest` begins with off, after blanks; 0 when there is none.
int next_relation(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
  for (const auto& [text, relation] : kOperators) {
    if (!rest.starts_with(text)) continue;
    rest.remove_prefix(text.size());
    return relation;
  }
  return 0;
}

/// Cuts the first word off `rest`.
std::string_view next_word(std::string_view& rest) {
  const auto start = std::min(rest.find_first_not_of(kBlanks), rest.size());
  rest.remove_prefix(start);
  const auto word = rest.substr(0, rest.find_first_of(kBlanks));
  rest.remove_prefix(word.size());
  return word;
}

bool unusable(const std::string& text) {
  return text.empty() || text.size() > kLongestText || text.find('\0') != std::string::npos ||
         kBlanks.find(text.front()) != std::string_view::npos;
}

}  // namespace

std::optional<DependencyParts> split_dependency(const std::string& text) {
  if (unusable(text)) return std::nullopt;
  std::string_view rest = text;
  const auto name = next_word(rest);
  const int relation = next_relation(rest);
  const auto evr = next_word(rest);
  const bool more = !next_word(rest).empty();
  if (more || (relation == 0 && !evr.empty())) return DependencyParts{text};
  if (relation == 0) return DependencyParts{std::string(name)};
  if (evr.empty()) return std::nullopt;
  return DependencyParts{std::string(name), relation, std::string(evr)};
}

Id dependency_on(::Pool* pool, Id name, const DependencyParts& parts) {
  if (parts.relation == 0) return name;
  return pool_rel2id(pool, name, pool_str2id(pool, parts.evr.c_str(), 1), parts.relation, 1);
}

Id parse_dependency(::Pool* pool, const std::string& text) {
  if (!unusable(text) && text.front() == '(') {
    if (std::ranges::count(text, '(') > kDeepestNesting) return 0;
    return pool_parserpmrichdep(pool, text.c_str());
  }
  const auto parts = split_dependency(text);
  return parts ? dependency_on(pool, pool_str2id(pool, parts->name.c_str(), 1), *parts) : 0;
}

}  // namespace rpmoci

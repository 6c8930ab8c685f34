#include "solv/dependency.h"

#include <algorithm>
#include <string_view>

namespace rpmoci {

namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";
/// Deeper than any packager nests, and harmless to the recursive parser.
constexpr auto kDeepestNesting = 100;

int relation_of(std::string_view operation) {
  if (operation == "=" || operation == "==") return REL_EQ;
  if (operation == "<") return REL_LT;
  if (operation == ">") return REL_GT;
  if (operation == "<=") return REL_LT | REL_EQ;
  if (operation == ">=") return REL_GT | REL_EQ;
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
  const auto operation = next_word(rest);
  const auto evr = next_word(rest);
  const bool more = !next_word(rest).empty();
  if (operation.empty()) return DependencyParts{std::string(name)};
  const int relation = relation_of(operation);
  if (relation == 0 || more) return DependencyParts{text};
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

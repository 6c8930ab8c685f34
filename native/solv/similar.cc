#include "solv/similar.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

#include "solv/nevra_pattern.h"
#include "solv/package_pool.h"

namespace rpmoci {

namespace {

constexpr std::size_t kLongestName = 100;
constexpr std::size_t kMostSuggestions = 3;
/// Fewer letters begin too many names.
constexpr std::size_t kShortestBeginning = 3;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    if (letter >= 'A' && letter <= 'Z') letter += 'a' - 'A';
  }
  return result;
}

/// In lower case.
std::string name_in(std::string_view spec) {
  spec = spec.substr(0, spec.find_first_of(" \t(<>="));
  if (const auto slash = spec.rfind('/'); slash != std::string_view::npos) spec.remove_prefix(slash + 1);
  auto name = lower(spec);
  std::erase_if(name, [](char letter) { return letter == '*' || letter == '?' || letter == '[' || letter == ']'; });
  return name;
}

/// How many letters to insert, drop, replace, or swap with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({row[j - 1] + 1, last[j] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row.back();
}

/// At most three, the closest first, then alphabetically.
std::vector<std::string> misspelt(const std::string& wanted, const std::vector<std::string>& names) {
  const auto limit = std::max<std::size_t>(1, wanted.size() / 3);
  std::vector<std::pair<std::size_t, std::string>> found;
  for (const auto& name : names) {
    const auto difference = name.size() > wanted.size() ? name.size() - wanted.size() : wanted.size() - name.size();
    if (difference > limit) continue;
    if (const auto edits = distance(wanted, lower(name)); edits <= limit) found.emplace_back(edits, name);
  }
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  std::vector<std::string> closest;
  for (const auto& [edits, name] : found) {
    if (closest.size() == kMostSuggestions) break;
    closest.push_back(name);
  }
  return closest;
}

}  // namespace

std::vector<std::string> visible_names(const PackagePool& pool) {
  std::set<std::string> names;
  for (const Id id : pool.packages()) {
    if (pool.is_visible(id) && pool.is_compatible(id)) {
      names.insert(pool_id2str(pool.get(), pool_id2solvable(pool.get(), id)->name));
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> similar_names(const std::string& spec, const std::vector<std::string>& names) {
  const auto wanted = name_in(spec);
  if (wanted.size() < 2 || wanted.size() > kLongestName) return {};
  auto found = misspelt(wanted, names);
  if (const auto version = parse_nevra(wanted, NevraForm::kNev); found.empty() && version) {
    found = misspelt(version->name, names);
  }
  for (const auto& name : names) {
    if (found.size() >= kMostSuggestions) break;
    if (wanted.size() >= kShortestBeginning && lower(name).starts_with(wanted) &&
        std::ranges::find(found, name) == found.end())
      found.push_back(name);
  }
  return found;
}

}  // namespace rpmoci

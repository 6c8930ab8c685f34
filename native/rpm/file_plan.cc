#include "rpm/file_plan.h"

#include <rpm/rpmmacro.h>
#include <rpm/rpmte.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rpmoci {

namespace {

using OwnedElements =
    std::unique_ptr<std::remove_pointer_t<rpmtsi>, decltype([](rpmtsi elements) { rpmtsiFree(elements); })>;

bool is_directory(const PackagePlan& plan, int file) { return S_ISDIR(rpmfilesFMode(plan.files.get(), file)); }

/// None for all. As librpm reads its macro.
std::vector<std::string> installed_languages() {
  const Malloced<char> text(rpmExpand("%{_install_langs}", nullptr));
  std::string_view rest = text.get();
  if (rest.empty() || rest.front() == '%' || rest == "all") return {};
  std::vector<std::string> languages;
  while (!rest.empty()) {
    const auto language = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), language.size() + 1));
    if (!language.empty()) languages.emplace_back(language);
  }
  return languages;
}

/// What is left out of packages.
struct Omission {
  bool documentation;
  /// None when nothing is left out for its language.
  std::vector<std::string> languages;

  bool holds_for(rpmfiles files, int file) const {
    const auto flags = rpmfilesFFlags(files, file);
    if (documentation && (flags & RPMFILE_DOC) != 0 && (flags & RPMFILE_LICENSE) == 0) return true;
    const char* marks = rpmfilesFLangs(files, file);
    return !languages.empty() && marks != nullptr && *marks != '\0' && !is_installed(marks);
  }

 private:
  /// `marks` are separated by bars. Who wants "de_AT" gets what is marked "de", too.
  bool is_installed(std::string_view marks) const {
    while (!marks.empty()) {
      const auto mark = marks.substr(0, marks.find('|'));
      marks.remove_prefix(std::min(marks.size(), mark.size() + 1));
      const auto is_wanted = [mark](const std::string& wanted) { return !mark.empty() && wanted.starts_with(mark); };
      if (std::ranges::any_of(languages, is_wanted)) return true;
    }
    return false;
  }
};

/// As librpm's skipInstallFiles: licences stay, and a directory goes when all of its files did.
void leave_out_files(PackagePlan& plan, const Omission& omission) {
  auto* files = plan.files.get();
  const int count = static_cast<int>(rpmfilesFC(files));
  const int directories = static_cast<int>(rpmfilesDC(files));
  std::vector<int> left(directories);
  std::vector<bool> lost(directories);
  const auto leave_out = [&](int file) {
    plan.left_out[file] = true;
    --left[rpmfilesDI(files, file)];
    lost[rpmfilesDI(files, file)] = true;
  };
  for (int file = 0; file < count; ++file) {
    ++left[rpmfilesDI(files, file)];
    if (omission.holds_for(files, file)) leave_out(file);
  }
  for (int directory = directories - 1; directory >= 0; --directory) {
    if (left[directory] != 0 || !lost[directory]) continue;
    std::string_view name = rpmfilesDN(files, directory);
    name.remove_suffix(1);
    const auto slash = name.rfind('/');
    if (slash == std::string_view::npos) continue;
    for (int file = 0; file < count; ++file) {
      if (plan.left_out[file] || !is_directory(plan, file)) continue;
      if (name.substr(0, slash + 1) != rpmfilesDN(files, rpmfilesDI(files, file))) continue;
      if (name.substr(slash + 1) != rpmfilesBN(files, file)) continue;
      leave_out(file);
      break;
    }
  }
}

bool is_plain(rpmfiles files, int file) {
  const auto mode = rpmfilesFMode(files, file);
  const char* capabilities = rpmfilesFCaps(files, file);
  return (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode)) && (capabilities == nullptr || *capabilities == '\0');
}

/// The last package with a path so far.
struct Owner {
  std::size_t package;
  bool directory;
  /// It makes the path.
  bool makes;
};

/// As librpm's handleOverlappedFiles: what the package before makes, this one does not make again.
void share_paths(std::vector<PackagePlan>& plans) {
  std::unordered_map<std::string, Owner> owners;
  for (std::size_t index = 0; index < plans.size(); ++index) {
    auto& plan = plans[index];
    auto* files = plan.files.get();
    for (int file = 0; file < static_cast<int>(rpmfilesFC(files)); ++file) {
      if (plan.left_out[file]) continue;
      const bool ghost = (rpmfilesFFlags(files, file) & RPMFILE_GHOST) != 0;
      const Malloced<char> path(rpmfilesFN(files, file));
      const auto [found, is_new] = owners.try_emplace(path.get());
      auto& owner = found->second;
      const bool skip = !is_new && owner.makes;
      const bool directory = is_directory(plan, file);
      if (!is_new && !(directory && owner.directory)) plan.plain = plans[owner.package].plain = false;
      plan.done[file] = skip || ghost;
      owner = {index, directory, !skip && !ghost};
      if (!ghost && !is_plain(files, file)) plan.plain = false;
    }
  }
}

}  // namespace

std::optional<int> PackagePlan::first_made_name(int file) const {
  const int* links = nullptr;
  const auto count = rpmfilesFLinks(files.get(), file, &links);
  if (count <= 1) return makes(file) ? std::optional(file) : std::nullopt;
  for (std::uint32_t i = 0; i < count; ++i)
    if (makes(links[i])) return links[i];
  return std::nullopt;
}

std::vector<PackagePlan> plan_files(rpmts transaction, bool docs) {
  std::vector<PackagePlan> plans;
  const Omission omission{.documentation = !docs, .languages = installed_languages()};
  const OwnedElements elements(rpmtsiInit(transaction));
  while (rpmte element = rpmtsiNext(elements.get(), TR_ADDED)) {
    PackagePlan plan;
    plan.path = static_cast<const char*>(rpmteKey(element));
    plan.nevra = rpmteNEVRA(element);
    plan.files.reset(rpmteFiles(element));
    const auto count = rpmfilesFC(plan.files.get());
    plan.left_out.resize(count);
    plan.done.resize(count);
    leave_out_files(plan, omission);
    plans.push_back(std::move(plan));
  }
  share_paths(plans);
  return plans;
}

}  // namespace rpmoci

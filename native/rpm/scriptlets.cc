#include "rpm/scriptlets.h"

#include <rpm/rpmds.h>
#include <rpm/rpmlib.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "rpm/library.h"
#include "rpm/log.h"
#include "rpm/package_file.h"
#include "rpm/package_header.h"
#include "rpm/scriptlet_watch.h"

namespace rpmoci {

namespace {

using OwnedRelations = Owned<rpmds, rpmdsFree>;

/// The flags of scriptlets that librpm expands: macros, and tags of the header.
constexpr std::uint32_t kExpanded = 1 << 0 | 1 << 1;

/// Tags by their names, as older librpm lacks some: those with the body, the interpreter and the flags.
struct OwnTags {
  const char* body;
  const char* program;
  const char* flags;
};

constexpr OwnTags kInstallation[] = {
    {"Pretrans", "Pretransprog", "Pretransflags"},
    {"Prein", "Preinprog", "Preinflags"},
    {"Postin", "Postinprog", "Postinflags"},
    {"Posttrans", "Posttransprog", "Posttransflags"},
};
constexpr OwnTags kErasure[] = {
    {"Preuntrans", "Preuntransprog", "Preuntransflags"},
    {"Preun", "Preunprog", "Preunflags"},
    {"Postun", "Postunprog", "Postunflags"},
    {"Postuntrans", "Postuntransprog", "Postuntransflags"},
};

struct TriggerTags {
  rpmTagVal conditions;
  rpmTagVal indexes;
  rpmTagVal senses;
  rpmTagVal bodies;
  rpmTagVal programs;
  rpmTagVal flags;
  bool on_files;
};

constexpr TriggerTags kTriggers[] = {
    {RPMTAG_TRIGGERNAME, RPMTAG_TRIGGERINDEX, RPMTAG_TRIGGERFLAGS, RPMTAG_TRIGGERSCRIPTS, RPMTAG_TRIGGERSCRIPTPROG,
     RPMTAG_TRIGGERSCRIPTFLAGS, false},
    {RPMTAG_FILETRIGGERNAME, RPMTAG_FILETRIGGERINDEX, RPMTAG_FILETRIGGERFLAGS, RPMTAG_FILETRIGGERSCRIPTS,
     RPMTAG_FILETRIGGERSCRIPTPROG, RPMTAG_FILETRIGGERSCRIPTFLAGS, true},
    {RPMTAG_TRANSFILETRIGGERNAME, RPMTAG_TRANSFILETRIGGERINDEX, RPMTAG_TRANSFILETRIGGERFLAGS,
     RPMTAG_TRANSFILETRIGGERSCRIPTS, RPMTAG_TRANSFILETRIGGERSCRIPTPROG, RPMTAG_TRANSFILETRIGGERSCRIPTFLAGS, true},
};

constexpr std::pair<std::uint32_t, rpmTagVal> kInstallationSenses[] = {{RPMSENSE_TRIGGERPREIN, RPMTAG_TRIGGERPREIN},
                                                                       {RPMSENSE_TRIGGERIN, RPMTAG_TRIGGERIN}};
constexpr std::pair<std::uint32_t, rpmTagVal> kErasureSenses[] = {{RPMSENSE_TRIGGERUN, RPMTAG_TRIGGERUN},
                                                                  {RPMSENSE_TRIGGERPOSTUN, RPMTAG_TRIGGERPOSTUN}};

struct Change {
  /// All packages that are there; those that come or go are marked.
  std::span<const OwnedHeader> headers;
  std::vector<bool> changes;
  std::span<const OwnTags> own;
  std::span<const std::pair<std::uint32_t, rpmTagVal>> senses;
};

std::vector<std::string> texts(Header header, rpmTagVal tag) {
  std::vector<std::string> result;
  TagData data(header, tag, HEADERGET_MINMEM);
  while (const char* text = data ? rpmtdNextString(data.get()) : nullptr) result.emplace_back(text);
  return result;
}

std::vector<std::uint32_t> numbers(Header header, rpmTagVal tag) {
  std::vector<std::uint32_t> result;
  TagData data(header, tag, HEADERGET_MINMEM);
  while (const auto* number = data ? rpmtdNextUint32(data.get()) : nullptr) result.push_back(*number);
  return result;
}

std::string nevra(Header header) {
  const Malloced<char> text(headerGetAsString(header, RPMTAG_NEVRA));
  return text ? text.get() : "";
}

std::vector<std::string> program_or_shell(std::vector<std::string> program) {
  if (program.empty()) program.emplace_back("/bin/sh");
  return program;
}

bool has_path_below(Header header, const std::string& prefix) {
  TagData paths(header, RPMTAG_FILENAMES);
  while (const char* path = paths ? rpmtdNextString(paths.get()) : nullptr) {
    if (std::string_view(path).starts_with(prefix)) return true;
  }
  return false;
}

/// Whether one of the packages that come or go sets off a trigger's condition, which `relation` is at.
bool is_set_off(const Change& change, rpmds relation, bool on_files) {
  const std::string name = rpmdsN(relation);
  for (std::size_t i = 0; i < change.headers.size(); ++i) {
    const auto header = change.headers[i].get();
    // A package that is there may have a trigger on one that comes, and one that comes on those that are there.
    if (on_files) {
      if (change.changes[i] && has_path_below(header, name)) return true;
    } else if (change.changes[i] && string_tag(header, RPMTAG_NAME) == name &&
               rpmdsAnyMatchesDep(header, relation, 1) != 0) {
      return true;
    }
  }
  return false;
}

void add_own(const Change& change, Header header, std::vector<Scriptlet>& scriptlets) {
  for (const auto& tags : change.own) {
    const auto body_tag = rpmTagGetValue(tags.body);
    const auto program_tag = rpmTagGetValue(tags.program);
    if (body_tag == RPMTAG_NOT_FOUND || program_tag == RPMTAG_NOT_FOUND) continue;
    if (headerIsEntry(header, body_tag) == 0 && headerIsEntry(header, program_tag) == 0) continue;
    const auto flags = numbers(header, rpmTagGetValue(tags.flags));
    scriptlets.push_back({.package = nevra(header),
                          .phase = scriptlet_phase(body_tag),
                          .trigger = false,
                          .program = program_or_shell(texts(header, program_tag)),
                          .body = string_tag(header, body_tag),
                          .expanded = !flags.empty() && (flags[0] & kExpanded) != 0});
  }
}

void add_triggers(const Change& change, Header header, const TriggerTags& tags, std::vector<Scriptlet>& scriptlets) {
  const auto bodies = texts(header, tags.bodies);
  const auto programs = texts(header, tags.programs);
  const auto flags = numbers(header, tags.flags);
  const auto indexes = numbers(header, tags.indexes);
  const auto senses = numbers(header, tags.senses);
  std::vector<bool> added(bodies.size());
  const OwnedRelations relations(rpmdsNew(header, tags.conditions, 0));
  if (!relations) return;
  rpmdsInit(relations.get());
  for (int at = rpmdsNext(relations.get()); at >= 0; at = rpmdsNext(relations.get())) {
    const auto condition = static_cast<std::size_t>(at);
    if (condition >= indexes.size() || condition >= senses.size()) return;
    const auto script = indexes[condition];
    if (script >= bodies.size() || added[script]) continue;
    for (const auto& [sense, tag] : change.senses) {
      if ((senses[condition] & sense) == 0 || !is_set_off(change, relations.get(), tags.on_files)) continue;
      added[script] = true;
      std::vector<std::string> program;
      if (script < programs.size()) program.push_back(programs[script]);
      scriptlets.push_back({.package = nevra(header),
                            .phase = scriptlet_phase(tag),
                            .trigger = true,
                            .program = program_or_shell(std::move(program)),
                            .body = bodies[script],
                            .expanded = script < flags.size() && (flags[script] & kExpanded) != 0});
      break;
    }
  }
}

std::vector<Scriptlet> scriptlets_of(const Change& change) {
  std::vector<Scriptlet> scriptlets;
  for (std::size_t i = 0; i < change.headers.size(); ++i) {
    const auto header = change.headers[i].get();
    if (change.changes[i]) add_own(change, header, scriptlets);
    for (const auto& tags : kTriggers) add_triggers(change, header, tags, scriptlets);
  }
  return scriptlets;
}

}  // namespace

std::vector<Scriptlet> scriptlets_of_installation(const std::vector<std::string>& paths) {
  const auto guard = RpmLibrary::get().lock();
  std::vector<OwnedHeader> headers;
  const OwnedTransaction transaction(rpmtsCreate());
  rpmtsSetVSFlags(transaction.get(), RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES | RPMVSF_NOHDRCHK);
  for (const auto& path : paths) {
    LogCapture log;
    const auto stream = open_package(path);
    headers.push_back(read_package_header(transaction.get(), stream.get(), path, log));
  }
  return scriptlets_of({.headers = headers,
                        .changes = std::vector<bool>(headers.size(), true),
                        .own = kInstallation,
                        .senses = kInstallationSenses});
}

std::vector<Scriptlet> scriptlets_of_erasure(const RootDatabase& database, const std::vector<std::string>& names) {
  const auto guard = RpmLibrary::get().lock();
  const auto headers = sorted_headers(database);
  std::vector<bool> changes;
  for (const auto& header : headers) {
    changes.push_back(std::ranges::find(names, string_tag(header.get(), RPMTAG_NAME)) != names.end());
  }
  return scriptlets_of({.headers = headers, .changes = std::move(changes), .own = kErasure, .senses = kErasureSenses});
}

}  // namespace rpmoci

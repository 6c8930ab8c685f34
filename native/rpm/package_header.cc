#include "rpm/package_header.h"

#include <rpm/rpmfiles.h>
#include <rpm/rpmlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <unordered_set>

#include "failure.h"
#include "rpm/library.h"
#include "rpm/log.h"
#include "rpm/package_file.h"
#include "rpm/signature_tags.h"

namespace rpmoci {

namespace {

/// Those of `probe_paths` that the package brings as a directory or a symlink.
std::vector<std::string> owned_paths_among(Header header, const std::vector<std::string>& probe_paths) {
  if (probe_paths.empty()) return {};
  const std::unordered_set<std::string> wanted(probe_paths.begin(), probe_paths.end());
  std::unordered_set<std::string> owned;
  TagData paths(header, RPMTAG_FILENAMES);
  TagData modes(header, RPMTAG_FILEMODES);
  TagData flags(header, RPMTAG_FILEFLAGS);
  if (!paths || !modes || !flags) return {};
  while (const char* path = rpmtdNextString(paths.get())) {
    const auto* mode_data = rpmtdNext(modes.get()) < 0 ? nullptr : rpmtdGetUint16(modes.get());
    const auto* flag_data = rpmtdNextUint32(flags.get());
    if (mode_data == nullptr || flag_data == nullptr) break;
    const bool kind = S_ISDIR(*mode_data) || S_ISLNK(*mode_data);
    if (kind && (*flag_data & RPMFILE_GHOST) == 0 && wanted.contains(path)) owned.emplace(path);
  }
  std::vector<std::string> result;
  std::copy_if(probe_paths.begin(), probe_paths.end(), std::back_inserter(result),
               [&](const std::string& path) { return owned.contains(path); });
  return result;
}

}  // namespace

std::string string_tag(Header header, rpmTagVal tag) {
  // Raw: librpm would pick a translation by $LANGUAGE.
  TagData data(header, tag, HEADERGET_RAW);
  const char* string = data ? rpmtdNextString(data.get()) : nullptr;
  return string == nullptr ? "" : string;
}

std::vector<std::string> sorted_strings(Header header, rpmTagVal tag) {
  std::vector<std::string> strings;
  TagData data(header, tag);
  while (const char* string = data ? rpmtdNextString(data.get()) : nullptr) strings.emplace_back(string);
  std::sort(strings.begin(), strings.end());
  strings.erase(std::unique(strings.begin(), strings.end()), strings.end());
  return strings;
}

std::string evr_of(Header header) {
  const auto epoch = headerGetNumber(header, RPMTAG_EPOCH);
  const auto prefix = epoch == 0 ? std::string() : std::to_string(epoch) + ":";
  return prefix + string_tag(header, RPMTAG_VERSION) + "-" + string_tag(header, RPMTAG_RELEASE);
}

bool has_package_signature(Header signature_header) {
  return std::any_of(std::begin(kSignatureTags), std::end(kSignatureTags),
                     [&](rpmTagVal tag) { return headerIsEntry(signature_header, tag) != 0; });
}

PackageHeader read_package(const std::string& path, const std::vector<std::string>& probe_paths) {
  const auto guard = RpmLibrary::get().lock();
  LogCapture log;
  const auto stream = open_package(path);
  const auto signature = read_signature_header(stream.get());
  if (Fseek(stream.get(), 0, SEEK_SET) < 0) throw Failure("RPM_UNREADABLE", "cannot read the RPM file " + path);

  const OwnedTransaction transaction(rpmtsCreate());
  rpmtsSetVSFlags(transaction.get(), RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES | RPMVSF_NOHDRCHK);
  const auto owner = read_package_header(transaction.get(), stream.get(), path, log);
  Header raw = owner.get();

  PackageHeader package;
  package.name = string_tag(raw, RPMTAG_NAME);
  package.evr = evr_of(raw);
  if (headerIsEntry(raw, RPMTAG_EPOCH)) package.epoch = static_cast<uint32_t>(headerGetNumber(raw, RPMTAG_EPOCH));
  package.version = string_tag(raw, RPMTAG_VERSION);
  package.release = string_tag(raw, RPMTAG_RELEASE);
  package.arch = headerIsSource(raw) ? "src" : string_tag(raw, RPMTAG_ARCH);
  package.source_rpm = string_tag(raw, RPMTAG_SOURCERPM);
  package.vendor = string_tag(raw, RPMTAG_VENDOR);
  package.license = string_tag(raw, RPMTAG_LICENSE);
  package.summary = string_tag(raw, RPMTAG_SUMMARY);
  package.installed_size = headerGetNumber(raw, RPMTAG_LONGSIZE);
  package.requires_ = sorted_strings(raw, RPMTAG_REQUIRENEVRS);
  package.provides = sorted_strings(raw, RPMTAG_PROVIDENEVRS);
  package.has_signature = signature && has_package_signature(signature.get());
  package.owned_probe_paths = owned_paths_among(raw, probe_paths);
  return package;
}

}  // namespace rpmoci

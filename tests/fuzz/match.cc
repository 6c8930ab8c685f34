#include "solv/match.h"

#include <unistd.h>

#include <fstream>
#include <set>

#include "fuzz_target.h"
#include "solv/package_pool.h"

using namespace rpmoci;

namespace {

constexpr const char* kRepomd = "<repomd><revision>1</revision></repomd>";

constexpr const char* kPrimary = R"xml(<metadata packages="4">
<package type="rpm"><name>lib-a</name><arch>x86_64</arch><version epoch="1" ver="2.0" rel="3"/>
<format><rpm:provides><rpm:entry name="lib-a" flags="EQ" epoch="1" ver="2.0" rel="3"/>
<rpm:entry name="liba.so.2()(64bit)"/></rpm:provides></format></package>
<package type="rpm"><name>lib-a</name><arch>i686</arch><version epoch="1" ver="2.0" rel="3"/>
<format><rpm:provides><rpm:entry name="lib-a" flags="EQ" epoch="1" ver="2.0" rel="3"/></rpm:provides></format></package>
<package type="rpm"><name>tool</name><arch>noarch</arch><version epoch="0" ver="1~rc" rel="1.el9"/>
<format><rpm:obsoletes><rpm:entry name="lib-a" flags="LT" epoch="9" ver="1"/></rpm:obsoletes>
<file>/usr/bin/tool</file></format></package>
<package type="rpm"><name>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</name><arch>noarch</arch>
<version epoch="0" ver="1" rel="1"/><format/></package>
</metadata>)xml";

/// A pool of a few packages that stays open.
const PackagePool& small_pool() {
  static const auto pool = [] {
    const std::string folder = "/tmp/rpmoci-fuzz-" + std::to_string(getpid());
    const auto write = [&](const char* part, const char* text) {
      const auto path = folder + part;
      std::ofstream(path) << text;
      return path;
    };
    RepositorySource source;
    source.id = "small";
    source.repomd = write("-repomd.xml", kRepomd);
    source.primary = write("-primary.xml", kPrimary);
    static const std::atomic<bool> cancelled = false;
    auto opened = std::make_unique<PackagePool>(PoolSource{.repositories = {source}, .arch = "x86_64"}, cancelled);
    unlink(source.repomd.c_str());
    unlink(source.primary.c_str());
    return opened;
  }();
  return *pool;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto& pool = small_pool();
  const auto spec = to_text(data, size);
  const auto match = match_spec(pool, spec, {});
  const auto wide = match_spec(pool, spec, {.hidden = true});
  check(match.packages.empty() || !wide.packages.empty());
  check(std::set<Id>(match.packages.begin(), match.packages.end()).size() == match.packages.size());
  const auto choices = install_choices(pool, spec, match);
  check(choices.empty() == match.packages.empty());
  for (const auto& choice : choices) check(!choice.empty());
  match_nevra(pool, spec);
  return 0;
}

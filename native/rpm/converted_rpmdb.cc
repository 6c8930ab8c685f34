#include "rpm/converted_rpmdb.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "failure.h"
#include "rpm/library.h"
#include "rpm/log.h"
#include "rpm/root_path.h"

namespace rpmoci {

namespace fs = std::filesystem;

void convert_rpmdb(const RootDatabase& database) {
  const auto guard = RpmLibrary::get().lock();
  LogCapture log;
  const fs::path directory = resolve_in_root(database.root, database.db_path);
  if (fs::exists(directory / kSqliteFile)) return;
  const auto fail = [&](const std::string& reason) {
    throw Failure("RPMDB_UNREADABLE", "cannot convert the rpm database in " + directory.string() + ": " + reason);
  };
  struct stat status {};
  if (stat(directory.c_str(), &status) != 0) fail("there is none");
  {
    const ScopedMacro path("_dbpath", directory.string());
    const ScopedMacro backend("_db_backend", "sqlite");
    const OwnedTransaction transaction(rpmtsCreate());
    rpmtsSetRootDir(transaction.get(), "/");
    rpmtsSetVSFlags(transaction.get(), RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES | RPMVSF_NOHDRCHK);
    if (rpmtsRebuildDB(transaction.get()) != 0) fail(log.summary("no reason given"));
  }
  if (!fs::exists(directory / kSqliteFile)) fail(log.summary("this librpm does not know its kind of database"));
  if (chown(directory.c_str(), status.st_uid, status.st_gid) != 0 ||
      chmod(directory.c_str(), status.st_mode & 07777) != 0) {
    fail("its owner cannot be set");
  }
}

}  // namespace rpmoci

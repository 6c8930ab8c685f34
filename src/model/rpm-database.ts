/** Where rpm's databases lie, and what their files are called. */

export const SYSIMAGE_DATABASE = "/usr/lib/sysimage/rpm";
export const VAR_DATABASE = "/var/lib/rpm";

/** In the order in which they count; the last is that of rpm-ostree. */
export const DATABASE_DIRECTORIES = [SYSIMAGE_DATABASE, VAR_DATABASE, "/usr/share/rpm"] as const;

/** Of rpm's backends sqlite, ndb and Berkeley DB; the first file of each makes the database. */
export const DATABASE_FILES = [
  ["rpmdb.sqlite", "rpmdb.sqlite-wal", "rpmdb.sqlite-journal"],
  ["Packages.db", "Index.db"],
  ["Packages"],
] as const;

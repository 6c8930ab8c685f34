/** A lockfile that must be there. */
import { RpmociError } from "../errors.js";
import { readLockfile } from "../lockfile/read.js";
import type { Lockfile } from "../model/lockfile.js";

/** As `readLockfile`; throws an `RpmociError` of kind `lockfile` when there is none, too. */
export async function readExistingLockfile(path: string): Promise<Lockfile> {
  const lock = await readLockfile(path);
  if (lock !== null) return lock;
  throw new RpmociError(`the lock file ${path} is missing`, {
    kind: "lockfile",
    code: "LOCKFILE_MISSING",
    hint: "run rpmoci update",
  });
}

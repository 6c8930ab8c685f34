/** Replaces a lockfile in two steps, so that nothing is half-written and a later failure changes nothing. */
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import { formatLockfile } from "../lockfile/write.js";
import type { Lockfile } from "../model/lockfile.js";
import { isAlive } from "../processes.js";

export class PendingLockfile {
  private constructor(
    readonly path: string,
    readonly staged: string,
  ) {}

  /** Writes the text beside `path`, and removes what killed processes left there. Throws an `RpmociError` of kind `output`. */
  static async prepare(path: string, lock: Lockfile): Promise<PendingLockfile> {
    const staged = `${path}.${process.pid}.part`;
    await removeStale(path);
    try {
      await writeFile(staged, formatLockfile(lock));
    } catch (error) {
      await rm(staged, { force: true }).catch(() => {});
      throw new RpmociError(`Failed to write the lockfile ${path}: ${messageOf(error)}`, {
        kind: "output",
        code: "LOCKFILE_UNWRITABLE",
        cause: error,
      });
    }
    return new PendingLockfile(path, staged);
  }

  /** Atomic. */
  async commit(): Promise<void> {
    await rename(this.staged, this.path);
  }

  /** Idempotent; without effect after `commit`. */
  async discard(): Promise<void> {
    await rm(this.staged, { force: true });
  }
}

async function removeStale(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    const pid = name.startsWith(prefix) ? name.slice(prefix.length).match(/^(\d+)\.part$/)?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(dirname(path), name), { force: true });
  }
}

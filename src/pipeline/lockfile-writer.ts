/** Replaces a lockfile in two steps, so that nothing is half-written and a later failure changes nothing. */
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import { formatLockfile } from "../lockfile/write.js";
import type { Lockfile } from "../model/lockfile.js";
import { processMark, removeAbandoned } from "../processes.js";

export class PendingLockfile {
  private constructor(
    readonly path: string,
    readonly staged: string,
  ) {}

  /** Writes the text beside `path`, and removes what killed processes left there. Throws an `RpmociError` of kind `output`. */
  static async prepare(path: string, lock: Lockfile): Promise<PendingLockfile> {
    const staged = `${path}.${processMark()}.part`;
    await removeAbandoned(dirname(path), `${basename(path)}.`);
    try {
      // Found out now rather than by the rename, when the image is in its layout already.
      if ((await stat(path).catch(() => null))?.isDirectory() === true) throw new Error("it is a directory");
      await writeFile(staged, formatLockfile(lock));
    } catch (error) {
      await rm(staged, { force: true }).catch(() => {});
      throw unwritable(path, error);
    }
    return new PendingLockfile(path, staged);
  }

  /** Atomic. Throws an `RpmociError` of kind `output`; the old lockfile is then still there. */
  async commit(): Promise<void> {
    try {
      await rename(this.staged, this.path);
    } catch (error) {
      throw unwritable(this.path, error);
    }
  }

  /** Idempotent; without effect after `commit`. */
  async discard(): Promise<void> {
    await rm(this.staged, { force: true });
  }
}

/** Whether writing the lockfile would change the file; one that cannot be read counts as another. */
export async function differsFromFile(path: string, lock: Lockfile): Promise<boolean> {
  return (await readFile(path, "utf8").catch(() => null)) !== formatLockfile(lock);
}

function unwritable(path: string, error: unknown): RpmociError {
  return new RpmociError(`Failed to write the lockfile ${path}: ${messageOf(error)}`, {
    kind: "output",
    code: "LOCKFILE_UNWRITABLE",
    cause: error,
  });
}

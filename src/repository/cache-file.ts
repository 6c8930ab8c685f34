/** Files of the metadata cache, which several processes may use. */
import { randomBytes } from "node:crypto";
import { rename, rm, utimes, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { makeDirectory } from "../directories.js";
import { messageOf, RpmociError } from "../errors.js";
import { processMark, removeAbandoned } from "../processes.js";

/** Tells whoever clears the cache that a file is in use. */
export async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
}

/** Replaces a file of the cache atomically. Throws an `RpmociError` of kind `environment`. */
export async function writeCacheFile(path: string, content: string | Buffer): Promise<void> {
  const partial = `${path}.${processMark()}.${randomBytes(6).toString("hex")}.part`;
  try {
    await makeDirectory(dirname(path));
    await removeAbandoned(dirname(path), `${basename(path)}.`);
    // URLs of mirrors may hold secrets.
    await writeFile(partial, content, { flag: "wx", mode: 0o600 });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw new RpmociError(`Failed to write to the cache ${dirname(path)}: ${messageOf(error)}`, {
      kind: "environment",
      code: "CACHE_UNWRITABLE",
      hint: "free some space, or name another directory with --cache-dir",
      cause: error,
    });
  }
}

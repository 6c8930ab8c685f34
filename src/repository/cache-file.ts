/** Files of the metadata cache, which several processes may use. */
import { utimes } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { makeDirectory } from "../directories.js";
import { messageOf, RpmociError } from "../errors.js";
import { removeAbandoned, replaceFile } from "../processes.js";

/** Tells whoever clears the cache that a file is in use. */
export async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
}

/** Replaces a file of the cache atomically. Throws an `RpmociError` of kind `environment`. */
export async function writeCacheFile(path: string, content: string | Buffer): Promise<void> {
  try {
    await makeDirectory(dirname(path));
    await removeAbandoned(dirname(path), `${basename(path)}.`);
    // URLs of mirrors may hold secrets.
    await replaceFile(path, content, { mode: 0o600 });
  } catch (error) {
    throw new RpmociError(`Failed to write to the cache ${dirname(path)}: ${messageOf(error)}`, {
      kind: "environment",
      code: "CACHE_UNWRITABLE",
      hint: "free some space, or name another directory with --cache-dir",
      cause: error,
    });
  }
}

/** A layout for a build whose image goes elsewhere. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeDirectory } from "../directories.js";
import { messageOf, RpmociError } from "../errors.js";
import { processMark, removeAbandoned } from "../processes.js";
import { type CacheOptions, cacheDirectoryOf } from "./cache.js";

const PREFIX = "rpmoci-layout-";

/**
 * Hands `use` the path of an empty directory and removes it afterwards. It lies in the cache, where layers of earlier builds
 * can be linked, or in the directory for temporary files where the cache cannot be written.
 */
export async function withTemporaryLayout<T>(options: CacheOptions, use: (layout: string) => Promise<T>): Promise<T> {
  const directory = await makeIn(cacheDirectoryOf(options)).catch(() => makeIn(tmpdir()));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function makeIn(parent: string): Promise<string> {
  try {
    await makeDirectory(parent);
    await removeAbandoned(parent, PREFIX);
    return await mkdtemp(join(parent, `${PREFIX}${processMark()}-`));
  } catch (error) {
    throw new RpmociError(`Failed to make a working directory in ${parent}: ${messageOf(error)}`, {
      kind: "environment",
      code: "WORK_DIRECTORY_UNWRITABLE",
      hint: "name another directory with TMPDIR",
      cause: error,
    });
  }
}

/** A build's folder for the root and whatever dnf needs; gone when the build ends, however it ends. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import { processMark, removeAbandoned } from "../processes.js";

/**
 * Hands `use` an empty directory and removes it afterwards. Directories of processes that were killed are removed, too.
 */
export async function withWorkDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  return useAndRemove(await makeTemporaryDirectory(resolve(tmpdir()), "rpmoci-work-"), use);
}

/**
 * An empty directory, called `prefix` and what nobody else has; those of killed processes are removed. Throws an
 * `RpmociError` of kind `environment`.
 */
export async function makeTemporaryDirectory(parent: string, prefix: string): Promise<string> {
  // Those of other users are theirs to remove.
  await removeAbandoned(parent, prefix);
  try {
    return await mkdtemp(join(parent, `${prefix}${processMark()}-`));
  } catch (error) {
    throw new RpmociError(`Failed to make a working directory in ${parent}: ${messageOf(error)}`, {
      kind: "environment",
      code: "WORK_DIRECTORY_UNWRITABLE",
      hint: "name another directory with TMPDIR",
      cause: error,
    });
  }
}

export async function useAndRemove<T>(directory: string, use: (directory: string) => Promise<T>): Promise<T> {
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

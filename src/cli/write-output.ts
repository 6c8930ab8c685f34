/** Files that an option names. */
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { RpmociError } from "../index.js";

/**
 * Replaces a file atomically; what /dev/stdout and its like are is written to. Throws an `RpmociError` of kind `output` with
 * the code; a file that was there is then still there.
 */
export async function writeOutput(path: string, text: string, code: string): Promise<void> {
  // Nothing can take the place of a device or a pipe.
  const present = await stat(path).catch(() => null);
  const isFile = !/^\/(?:dev|proc)\//.test(resolve(path)) && (present === null || present.isFile());
  const partial = isFile ? `${path}.${process.pid}.part` : path;
  try {
    await writeFile(partial, text);
    if (isFile) await rename(partial, path);
  } catch (error) {
    if (isFile) await rm(partial, { force: true }).catch(() => {});
    const reason = error instanceof Error ? error.message : error;
    throw new RpmociError(`Failed to write ${path}: ${reason}`, { kind: "output", code, cause: error });
  }
}

/** Files of archives, which are whole or not there. */
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Writable } from "node:stream";
import { messageOf, RpmociError } from "../errors.js";
import { processMark, removeAbandoned } from "../processes.js";

/**
 * Hands `write` a stream, and gives what came the file's name at the end; what was there before stays until then. Throws
 * an `RpmociError` of kind `output`, and what `write` throws.
 */
export async function writeArchiveFile(file: string, write: (output: Writable) => Promise<void>): Promise<void> {
  const target = await targetOf(file);
  const prefix = `.${basename(target)}.`;
  await removeAbandoned(dirname(target), prefix);
  const partial = join(dirname(target), `${prefix}${processMark()}.part`);
  try {
    const output = await open(partial, "w");
    await write(output.createWriteStream({ flush: true }));
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    const { syscall } = error as NodeJS.ErrnoException;
    throw syscall === undefined ? error : unwritable(target, error);
  }
}

/** Of a link, where it leads to. */
async function targetOf(file: string): Promise<string> {
  const path = resolve(file);
  const status = await stat(path).catch(() => null);
  // What /dev/stdout leads to is a file at times, and not meant to be replaced.
  const isDevice = /^\/(?:dev|proc)\//.test(path);
  if (status === null && !isDevice) return path;
  if (status?.isFile() && !isDevice) return realpath(path);
  throw new RpmociError(`Failed to write the archive ${path}: something else than a file is there`, {
    kind: "output",
    code: "ARCHIVE_UNWRITABLE",
  });
}

function unwritable(path: string, error: unknown): RpmociError {
  const full = (error as NodeJS.ErrnoException).code === "ENOSPC";
  return new RpmociError(
    full ? `The disk of ${path} is full` : `Failed to write the archive ${path}: ${messageOf(error)}`,
    {
      kind: "output",
      code: full ? "DISK_FULL" : "ARCHIVE_UNWRITABLE",
      cause: error,
    },
  );
}

/** Files that a user names for a result. */
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { messageOf, RpmociError } from "./errors.js";
import { processMark, removeAbandoned } from "./processes.js";

export interface OutputFile {
  readonly path: string;
  /** For messages, as in "the archive". */
  readonly what: string;
  /** Of the error when it cannot be written. */
  readonly code: string;
  /** Whether a device or a pipe, which nothing can take the place of, is written to; an error otherwise. */
  readonly allowsDevices: boolean;
}

/**
 * Hands `write` a stream, and gives what came the file's name at the end; what was there before stays until then. Of a
 * link, the file that it leads to is replaced. Throws an `RpmociError` of kind `output`, and what `write` throws.
 */
export async function writeOutputFile(file: OutputFile, write: (output: Writable) => Promise<void>): Promise<void> {
  const target = await targetOf(file);
  if (target === null) return writeTo(file.path, file, false, write);
  const prefix = `.${basename(target)}.`;
  await removeAbandoned(dirname(target), prefix);
  const partial = join(dirname(target), `${prefix}${processMark()}.part`);
  try {
    await writeTo(partial, file, true, write);
    await rename(partial, target).catch((error: unknown) => {
      throw unwritable(file, error);
    });
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw error;
  }
}

/** As `writeOutputFile`, of what is at hand. */
export async function writeOutput(file: OutputFile, content: string | Buffer): Promise<void> {
  await writeOutputFile(file, async (output) => {
    output.end(content);
    await finished(output);
  });
}

async function writeTo(
  path: string,
  file: OutputFile,
  flush: boolean,
  write: (output: Writable) => Promise<void>,
): Promise<void> {
  try {
    const handle = await open(path, "w");
    await write(handle.createWriteStream({ flush }));
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : unwritable(file, error);
  }
}

/** Of a link, where it leads to; null for what is no file. */
async function targetOf(file: OutputFile): Promise<string | null> {
  const path = resolve(file.path);
  const status = await stat(path).catch(() => null);
  // What /dev/stdout leads to is a file at times, and not meant to be replaced.
  const isDevice = /^\/(?:dev|proc)\//.test(path);
  if (status === null && !isDevice) return path;
  if (status?.isFile() && !isDevice) return realpath(path);
  if (file.allowsDevices) return null;
  throw unwritable(file, new Error("something else than a file is there"));
}

function unwritable({ path, what, code }: OutputFile, error: unknown): RpmociError {
  const full = (error as NodeJS.ErrnoException).code === "ENOSPC";
  return new RpmociError(
    full ? `The disk of ${path} is full` : `Failed to write ${what} ${path}: ${messageOf(error)}`,
    { kind: "output", code: full ? "DISK_FULL" : code, cause: error },
  );
}

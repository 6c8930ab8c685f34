/**
 * The lock on a layout, held by whoever changes its index or removes blobs. It is the kernel's (flock), which gives it up
 * when its holder dies: nobody has to guess from the age of a file whether the holder still runs.
 */
import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf, RpmociError } from "../errors.js";
import { binding } from "../native/load.js";

export const LOCK_FILE = ".rpmoci-lock";

/** Milliseconds. The lock is held for renames and a few small files. */
const PATIENCE = 60_000;
const PAUSE = 20;

/**
 * Runs `work` while no other process, and no other call in this one, does so for the same directory. Throws an
 * `RpmociError` of kind `output` when the lock cannot be had within a minute, and what `work` throws.
 */
export async function withLayoutLock<T>(directory: string, work: () => Promise<T>, patience = PATIENCE): Promise<T> {
  const path = join(directory, LOCK_FILE);
  const file = await acquire(path, patience);
  try {
    return await work();
  } finally {
    // While it is still locked: whoever waits for this file finds that it is gone, and opens the next one.
    await rm(path, { force: true }).catch(() => {});
    await file.close();
  }
}

async function acquire(path: string, patience: number): Promise<FileHandle> {
  const deadline = performance.now() + patience;
  for (;;) {
    const file = await open(path, "a");
    try {
      if (tryLock(file, path) && (await isFileAt(path, file))) return file;
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    if (performance.now() > deadline) {
      throw new RpmociError(`Another process holds the lock ${path} and does not finish`, {
        kind: "output",
        code: "LAYOUT_LOCKED",
        hint: `look for it with: fuser ${path}`,
      });
    }
    // Not the same for all that wait.
    await delay(PAUSE * (0.25 + Math.random()));
  }
}

function tryLock(file: FileHandle, path: string): boolean {
  try {
    return binding().tryLock(file.fd, false);
  } catch (error) {
    if (error instanceof RpmociError) throw error;
    throw new RpmociError(`Failed to lock ${path}: ${messageOf(error)}`, {
      kind: "output",
      code: "LAYOUT_UNLOCKABLE",
      hint: "build into a layout on a file system that has locks, and copy it",
      cause: error,
    });
  }
}

/** Whether the file of that name is still the one that was opened. */
async function isFileAt(path: string, file: FileHandle): Promise<boolean> {
  const [opened, present] = await Promise.all([file.stat(), stat(path).catch(() => null)]);
  return opened.ino === present?.ino && opened.dev === present.dev;
}

/**
 * Who uses a cache: many at once to fetch into it and take out of it, or one alone to remove what others might need. The
 * lock is the kernel's (flock), which gives it up when its holder dies.
 */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeDirectory } from "../directories.js";
import { binding } from "../native/load.js";

const LOCK_FILE = "in-use";

/** Milliseconds. Who has a cache alone removes files. */
const PATIENCE = 60_000;
const PAUSE = 50;

/**
 * Resolves when nobody has the cache alone. Null where it has no lock: it cannot be written, or is on a file system
 * without locks, or somebody has had it alone for a minute. It works all the same.
 */
export async function useCache(directory: string): Promise<FileHandle | null> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const use = await lock(directory, "shared").catch(() => null);
    if (use !== "taken") return use;
    if (performance.now() > deadline) return null;
    await delay(PAUSE);
  }
}

/**
 * What `work` resolves to, done while nobody else uses the cache, and null without doing it when somebody does. Where a
 * cache has no lock, it is done in any case. Throws what `work` throws.
 */
export async function withCacheAlone<T>(directory: string, work: () => Promise<T>): Promise<T | null> {
  const use = await lock(directory, "exclusive").catch(() => "unlockable" as const);
  if (use === "taken") return null;
  try {
    return await work();
  } finally {
    if (use !== "unlockable") await use.close();
  }
}

async function lock(directory: string, mode: "shared" | "exclusive"): Promise<FileHandle | "taken"> {
  await makeDirectory(directory);
  const file = await open(join(directory, LOCK_FILE), "a");
  try {
    if (binding().tryLock(file.fd, mode === "shared")) return file;
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return "taken";
}

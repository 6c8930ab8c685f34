/** Temporary folders on the file system of what they are for, so that finished files can be renamed into place. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isAbandoned, processMark } from "../../src/processes.js";

/** Makes a folder below `parent` whose name tells which process it belongs to. */
export function makeWorkDirectory(parent: string, purpose: string): string {
  const folder = join(parent, ".work");
  for (let attempts = 1; ; attempts += 1) {
    mkdirSync(folder, { recursive: true });
    try {
      return mkdtempSync(join(folder, `${processMark()}-${purpose}-`));
    } catch (error) {
      // Another process has just removed the empty folder.
      if (attempts >= 5 || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** The folders that processes left behind which were killed. */
export function staleWorkDirectories(parent: string, purpose: string): string[] {
  const folder = join(parent, ".work");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.includes(`-${purpose}`) && isAbandoned(name.split("-", 2).join("-")))
    .map((name) => join(folder, name));
}

/** Removes the folders of processes that were killed, and what held them if no others are left. */
export function removeStaleWorkDirectories(parent: string): void {
  for (const folder of staleWorkDirectories(parent, "")) rmSync(folder, { recursive: true, force: true });
  try {
    rmdirSync(join(parent, ".work"));
  } catch {
    // Somebody is at work.
  }
}

/** Writes a file of the cache that only its owner may read; a run that goes on at the same time sees all of it, or none. */
export function writeAtomically(cache: string, file: string, text: string): void {
  const work = makeWorkDirectory(cache, "write");
  writeFileSync(join(work, "file"), text, { mode: 0o600 });
  mkdirSync(dirname(file), { recursive: true });
  renameSync(join(work, "file"), file);
  rmSync(work, { recursive: true });
}

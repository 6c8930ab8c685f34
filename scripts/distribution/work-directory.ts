/** Temporary folders on the file system of what they are for, so that finished files can be renamed into place. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Makes a folder below `parent` whose name tells which process it belongs to. */
export function makeWorkDirectory(parent: string, purpose: string): string {
  const folder = join(parent, ".work");
  for (let attempts = 1; ; attempts += 1) {
    mkdirSync(folder, { recursive: true });
    try {
      return mkdtempSync(join(folder, `${process.pid}-${purpose}-`));
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
    .filter((name) => name.includes(`-${purpose}`) && !isAlive(Number.parseInt(name, 10)))
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Temporary folders inside of the cache, so that finished files can be renamed into place. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Makes a folder whose name tells which process it belongs to. */
export function makeWorkDirectory(cache: string, purpose: string): string {
  const parent = join(cache, "work");
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, `${process.pid}-${purpose}-`));
}

/** The folders that processes left behind which were killed. */
export function staleWorkDirectories(cache: string, purpose: string): string[] {
  const parent = join(cache, "work");
  mkdirSync(parent, { recursive: true });
  return readdirSync(parent)
    .filter((name) => name.includes(`-${purpose}`) && !isAlive(Number.parseInt(name, 10)))
    .map((name) => join(parent, name));
}

/** Removes the folders of processes that were killed. */
export function removeStaleWorkDirectories(cache: string): void {
  for (const folder of staleWorkDirectories(cache, "")) rmSync(folder, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

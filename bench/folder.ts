/** Where the benchmark keeps what it builds, and works: a memory-backed folder would make writing cost nothing. */
import { mkdirSync, mkdtempSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve(import.meta.dirname, "../../../build/bench");

/** The path of a file or folder that stays from one run to the next. */
export function keptPath(name: string): string {
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
}

/** A new folder; the caller removes it. */
export function makeWorkFolder(prefix: string): string {
  return mkdtempSync(keptPath(prefix));
}

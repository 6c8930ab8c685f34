/** Marks in the names of temporary files, by which those of killed processes are known and removed. */
import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { lstat, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

let ownMark: string | undefined;

/** This process, as a part of a file's name: its PID namespace and its id there. */
export function processMark(): string {
  ownMark ??= `${pidNamespace()}-${process.pid}`;
  return ownMark;
}

/**
 * Whether the process of a mark is gone. One of another PID namespace, as of another container that shares the folder,
 * counts as running: nobody here can tell.
 */
export function isAbandoned(mark: string): boolean {
  const [namespace, pid] = mark.split("-");
  return namespace === pidNamespace() && !isAlive(Number(pid));
}

/**
 * Removes what killed processes of this user left in `directory`: entries called `prefix` (or what it matches), a mark,
 * then `.` or `-` and anything. Nothing that cannot be read or removed is an error.
 */
export async function removeAbandoned(directory: string, prefix: string | RegExp): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const before = typeof prefix === "string" ? prefix : (name.match(prefix)?.[0] ?? name);
    const mark = name.startsWith(before) ? name.slice(before.length).match(/^(\d+-\d+)[.-]/)?.[1] : undefined;
    if (mark === undefined || !isAbandoned(mark)) continue;
    const path = join(directory, name);
    if (await isOwn(path)) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/**
 * Writes beside `path` and renames, which is atomic. What a killed process leaves there has the name, a dot and its mark.
 * Throws what the file system says.
 */
export async function replaceFile(
  path: string,
  content: string | Buffer,
  { mode = 0o666 }: { readonly mode?: number } = {},
): Promise<void> {
  const partial = `${path}.${processMark()}.${randomBytes(6).toString("hex")}.part`;
  try {
    await writeFile(partial, content, { flag: "wx", mode });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw error;
  }
}

/** In /tmp, somebody else's tree of that name could change under root's hands and lead elsewhere. */
async function isOwn(path: string): Promise<boolean> {
  const status = await lstat(path).catch(() => null);
  return status !== null && status.uid === process.geteuid?.();
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
  } catch {
    return "0";
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return !isZombie(pid);
}

/** The first process of a container often takes its time to reap what has ended, or never does. */
function isZombie(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "latin1");
    // proc(5): the state follows the command's name, in which there may be parentheses.
    return /^[ZX]/.test(status.slice(status.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

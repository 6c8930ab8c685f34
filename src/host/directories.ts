/** Whether directories that a build writes to can be written, and have room. */
import { constants } from "node:fs";
import { access, readFile, stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { messageOf } from "../errors.js";
import { Check, type Finding } from "../model/finding.js";

const GIBIBYTE = 2 ** 30;
/** What any build leaves free, as `install/watchdog.ts` has it. */
const LEAST = 256 * 2 ** 20;

export interface DirectoryRequest {
  readonly check: string;
  /** As in `the cache /x`. */
  readonly what: string;
  /** Need not be there yet. */
  readonly path: string;
  /** What holds the path, for remedies. */
  readonly setting: string;
  /** Whether programs in it are run. */
  readonly executes: boolean;
}

export async function checkDirectory({ check, what, path, setting, executes }: DirectoryRequest): Promise<Finding> {
  const tell = new Check(check);
  const elsewhere = `name another directory with ${setting}`;
  try {
    const nearest = await nearestDirectory(resolve(path));
    await access(nearest, constants.W_OK | constants.X_OK);
    if (executes && (await mountOptions(nearest)).includes("noexec")) {
      return tell.failure(`${what} ${path} is on a file system that runs no programs (noexec)`, elsewhere);
    }
    const { bsize, bavail } = await statfs(nearest);
    const free = bsize * bavail;
    const message = `${what} ${path} can be written, and has ${(free / GIBIBYTE).toFixed(1)} GiB free`;
    const room = `free some space, or ${elsewhere}`;
    if (free < LEAST) return tell.failure(message, room);
    return free < 2 * GIBIBYTE ? tell.warning(message, room) : tell.ok(message);
  } catch (error) {
    return tell.failure(`${what} ${path} cannot be written: ${messageOf(error)}`, elsewhere);
  }
}

/** The directory itself, or the one that it would be made in. */
async function nearestDirectory(path: string): Promise<string> {
  try {
    if ((await stat(path)).isDirectory()) return path;
    throw new Error("it is not a directory");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || path === dirname(path)) throw error;
    return nearestDirectory(dirname(path));
  }
}

/** Those of the mount with the device of `path`; proc(5), mountinfo. */
async function mountOptions(path: string): Promise<readonly string[]> {
  const mounts = (await readFile("/proc/self/mountinfo", "utf8").catch(() => "")).split("\n").map((line) => {
    const [, , , , point = "", options = ""] = line.split(" ");
    return { point: unescaped(point), options: options.split(",") };
  });
  const containing = mounts.filter(({ point }) => point === "/" || path === point || path.startsWith(`${point}/`));
  // Of several at one place, the last hides the others.
  return containing.sort((a, b) => a.point.length - b.point.length).at(-1)?.options ?? [];
}

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

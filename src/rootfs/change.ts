/** Changes of files inside a root. */
import { chmod, lchown, lstat, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path/posix";
import { messageOf, RpmociError } from "../errors.js";
import { textOf } from "../model/byte-string.js";
import type { Root } from "./root.js";

export interface FileOwner {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

const IDS_HINT =
  "this user namespace has no such id: choose one below 65536, and give the user ranges in /etc/subuid and /etc/subgid";

/** Names `what` was about to be done when the system refuses it: as an `RpmociError` of kind `install`. */
export async function changing<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof RpmociError) throw error;
    const { code, syscall = "" } = error as NodeJS.ErrnoException;
    throw new RpmociError(`${what}: ${reasonOf(error)}`, {
      kind: "install",
      code: code === "ENOSPC" ? "DISK_FULL" : "ROOT_CHANGE_FAILED",
      hint: code === "EINVAL" && syscall.endsWith("chown") ? IDS_HINT : undefined,
      cause: error,
    });
  }
}

/** Without the path on this machine, which is gone by the time that somebody looks for it. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return (error as NodeJS.ErrnoException).code === undefined ? message : message.replace(/, \w+( '.*')?$/s, "");
}

/** Makes the directories that lead to `path`, which has no symlinks, as root's and for all to enter. */
export async function makeParents(root: Root, path: string): Promise<void> {
  const parent = dirname(path);
  const status = await stat(root.host(parent)).catch(() => null);
  if (status?.isDirectory() === true) return;
  if (status !== null) throw new Error(`${textOf(parent)} is not a directory`);
  await makeParents(root, parent);
  await makeDirectory(root, parent, { mode: 0o755, uid: 0, gid: 0 });
}

export async function makeDirectory(root: Root, path: string, owner: FileOwner): Promise<void> {
  await mkdir(root.host(path));
  await setOwner(root, path, owner);
}

/** Whatever is at `path`, which has no symlinks, is replaced, unless it is a directory. */
export async function replaceFile(root: Root, path: string, contents: Uint8Array, owner: FileOwner): Promise<void> {
  await makeRoom(root, path);
  await writeFile(root.host(path), contents, { flag: "wx", mode: 0o600 });
  await setOwner(root, path, owner);
}

/** Removes what is at `path`; a directory is an error. */
export async function makeRoom(root: Root, path: string): Promise<void> {
  await makeParents(root, path);
  const status = await lstat(root.host(path)).catch(() => null);
  if (status?.isDirectory() === true) throw new Error("there is a directory");
  if (status !== null) await rm(root.host(path));
}

/** The mode last, as a change of owner takes set-id bits away. */
export async function setOwner(root: Root, path: string, { mode, uid, gid }: FileOwner): Promise<void> {
  await lchown(root.host(path), uid, gid);
  await chmod(root.host(path), mode);
}

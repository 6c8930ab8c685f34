/** Places of a base image where nothing that a build does belongs into the image: what the base has there stays. */
import { lstat } from "node:fs/promises";
import { join } from "node:path/posix";

/** Paths, byte strings inside the root, with how they were found; null for what was gone. */
export type LeftAlone = ReadonlyMap<string, string | null>;

/** How the paths are now. */
export async function leaveAlone(root: string, paths: readonly string[]): Promise<LeftAlone> {
  const stamps = new Map<string, string | null>();
  for (const path of paths) stamps.set(path, await stampOf(root, path));
  return stamps;
}

/** Those that are as they were, relative to the root: what the manifest changed there meanwhile belongs to the image. */
export async function stillLeftAlone(root: string, leftAlone: LeftAlone): Promise<readonly Uint8Array[]> {
  const same: Uint8Array[] = [];
  for (const [path, stamp] of leftAlone) {
    if ((await stampOf(root, path)) === stamp) same.push(Buffer.from(path.slice(1), "latin1"));
  }
  return same;
}

async function stampOf(root: string, path: string): Promise<string | null> {
  const status = await lstat(Buffer.from(join(root, path), "latin1"), { bigint: true }).catch(() => null);
  // A directory's own time changes with what it holds.
  if (status?.isDirectory() === true) return `${status.mode} ${status.uid} ${status.gid}`;
  return status && `${status.ino} ${status.ctimeNs}`;
}

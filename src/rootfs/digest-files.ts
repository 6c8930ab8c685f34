/** The files of packages as they are in a root, whatever packages brought. */
import { createReadStream } from "node:fs";
import { lstat } from "node:fs/promises";
import { posix } from "node:path";
import { FileDigester, type FileDigests } from "../model/file-digests.js";
import type { Root } from "./root.js";

/**
 * By their paths (byte strings), the digests of those of `paths` that are regular files: reached through directories
 * that may be links, but no links themselves. Nobody may change the root meanwhile.
 */
export async function digestFiles(root: Root, paths: Iterable<string>): Promise<ReadonlyMap<string, FileDigests>> {
  const digests = new Map<string, FileDigests>();
  const directories = new Map<string, string | null>();
  for (const path of paths) {
    const { dir, base } = posix.parse(path);
    let directory = directories.get(dir);
    if (directory === undefined) {
      // A loop leads nowhere.
      directory = await root.resolve(dir, "follow").catch(() => null);
      directories.set(dir, directory);
    }
    const file = directory === null ? null : root.host(posix.join(directory, base));
    if (file !== null && (await isFile(file))) digests.set(path, await digestsOf(file));
  }
  return digests;
}

async function isFile(path: Buffer): Promise<boolean> {
  const status = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
  return status?.isFile() ?? false;
}

async function digestsOf(path: Buffer): Promise<FileDigests> {
  const digester = new FileDigester();
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) digester.update(chunk);
  return digester.digests();
}

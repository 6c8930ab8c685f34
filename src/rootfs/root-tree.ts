/** A root directory on this machine, looked at without following links out of it. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { FileDigests, FileTree, TreeEntry } from "../model/file-tree.js";

/** Nothing of it is kept but for directories and links: nobody may change these meanwhile. */
export function rootTree(root: string): FileTree {
  const known = new Map<string, TreeEntry>();
  return {
    async entryAt(path) {
      const entry = known.get(path) ?? (await entryOf(join(root, path)));
      if (entry?.kind === "directory" || entry?.kind === "link") known.set(path, entry);
      return entry;
    },
  };
}

async function entryOf(path: string): Promise<TreeEntry | undefined> {
  const status = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (status === undefined) return undefined;
  if (status.isSymbolicLink()) return { kind: "link", target: await readlink(path) };
  if (status.isFile()) return { kind: "file", digests: () => digestsOf(path) };
  return { kind: status.isDirectory() ? "directory" : "other" };
}

async function digestsOf(path: string): Promise<FileDigests> {
  const [sha1, sha256] = [createHash("sha1"), createHash("sha256")];
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    sha1.update(chunk);
    sha256.update(chunk);
  }
  return { sha1: sha1.digest("hex"), sha256: sha256.digest("hex") };
}

/** The files of packages as they are in the image, whatever packages brought. */
import type { FileDigests, FileTree, TreeEntry } from "../model/file-tree.js";

/** As the kernel's (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * By their paths, the digests of those of `paths` that are regular files: reached through directories that may be links,
 * but no links themselves. A path that is no UTF-8 has no name in a document, and is left out.
 */
export async function digestFiles(tree: FileTree, paths: Iterable<string>): Promise<ReadonlyMap<string, FileDigests>> {
  const digests = new Map<string, FileDigests>();
  for (const path of paths) {
    if (digests.has(path) || path.includes("\u{fffd}")) continue;
    const entry = await entryAt(tree, path);
    if (entry?.kind === "file") digests.set(path, await entry.digests());
  }
  return digests;
}

async function entryAt(tree: FileTree, path: string): Promise<TreeEntry | undefined> {
  const open = path.split("/");
  let at: readonly string[] = [];
  let entry: TreeEntry | undefined;
  let links = 0;
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = at.slice(0, -1);
      continue;
    }
    const next = [...at, name];
    entry = await tree.entryAt(next.join("/"));
    if (entry?.kind === "link" && open.length > 0) {
      links += 1;
      if (links > MOST_LINKS) return undefined;
      if (entry.target.startsWith("/")) at = [];
      open.unshift(...entry.target.split("/"));
    } else {
      // An archive need not have an entry for every directory.
      if (open.length > 0 && entry !== undefined && entry.kind !== "directory") return undefined;
      at = next;
    }
  }
  return entry;
}

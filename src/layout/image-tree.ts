/** What somebody who runs an image finds in it. */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Descriptor } from "../model/descriptor.js";
import type { FileTree, TreeEntry } from "../model/file-tree.js";
import { OPAQUE, readLayer, WHITEOUT } from "./read-layer.js";

/**
 * Reads all of an image's layers (OCI image specification, "Image Layer Filesystem Changeset") and hashes every file.
 * Throws as `readLayer`.
 */
export async function readImageTree(directory: string, layers: readonly Descriptor[]): Promise<FileTree> {
  const tree = new Map<string, TreeEntry>();
  const removeBelow = (folder: string): void => {
    for (const path of tree.keys()) if (folder === "." || path.startsWith(`${folder}/`)) tree.delete(path);
  };
  for (const layer of layers) {
    const added = new Map<string, TreeEntry>();
    await readLayer(directory, layer, async (path, header, content) => {
      const [folder, name] = [posix.dirname(path), posix.basename(path)];
      // Both are about the layers below only, wherever in the archive they are.
      if (name === OPAQUE) return removeBelow(folder);
      if (name.startsWith(WHITEOUT)) {
        const removed = posix.join(folder, name.slice(WHITEOUT.length));
        tree.delete(removed);
        return removeBelow(removed);
      }
      if (header.type === "file" || header.type === "contiguous-file") {
        added.set(path, await hashed(content));
      } else if (header.type === "link") {
        const target = posix.normalize(`/${header.linkname}`).slice(1);
        added.set(path, added.get(target) ?? tree.get(target) ?? { kind: "other" });
      } else if (header.type === "symlink") {
        added.set(path, { kind: "link", target: header.linkname });
      } else {
        added.set(path, { kind: header.type === "directory" ? "directory" : "other" });
      }
    });
    for (const [path, entry] of added) {
      const before = tree.get(path)?.kind;
      if (before === "directory" && entry.kind !== "directory") removeBelow(path);
      tree.set(path, entry);
    }
  }
  return { entryAt: async (path) => tree.get(path) };
}

async function hashed(content: AsyncIterable<unknown>): Promise<TreeEntry> {
  const [sha1, sha256] = [createHash("sha1"), createHash("sha256")];
  for await (const chunk of content) {
    sha1.update(chunk as Uint8Array);
    sha256.update(chunk as Uint8Array);
  }
  const digests = { sha1: sha1.digest("hex"), sha256: sha256.digest("hex") };
  return { kind: "file", digests: async () => digests };
}

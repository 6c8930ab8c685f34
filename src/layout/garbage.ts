/** Removes from a layout what no image of it needs. */
import { readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import type { ImageIndex } from "../model/descriptor.js";
import { processMark, removeAbandoned } from "../processes.js";
import { ALGORITHMS, type Algorithm } from "./algorithm.js";
import { INDEX_FILE, inspectLayout, readIndex } from "./index-file.js";
import { STAGING_PREFIX } from "./layout.js";
import { withLayoutLock } from "./layout-lock.js";
import { reachable } from "./referrers.js";
import { syncDirectory } from "./sync.js";

export interface Garbage {
  /** Of the blobs, sorted. */
  readonly digests: readonly string[];
  /** Bytes. */
  readonly size: number;
}

export interface GarbageOptions {
  /** Remove nothing. */
  readonly dryRun?: boolean;
}

/**
 * Removes the blobs that nothing reaches from `index.json`, every entry of which is kept, tagged or not, with all that
 * nested indexes, image manifests and artifacts refer to; also what killed processes left. An entry without a tag that is
 * about an image (its subject) goes with that image. Builds into the same layout may go on meanwhile. Returns what was removed, or would be. Throws an `RpmociError` of kind `output`, before anything is
 * removed when a referenced index or manifest cannot be read.
 */
export async function collectGarbage(path: string, { dryRun = false }: GarbageOptions = {}): Promise<Garbage> {
  const directory = resolve(path);
  if ((await inspectLayout(directory)) === "absent") throw fault(directory, "there is no layout", undefined);
  try {
    return await withLayoutLock(directory, async () => {
      const index = await readIndex(directory);
      const { needed, orphans } = await reachable(directory, index.manifests);
      const blobs = await Promise.all(ALGORITHMS.map((algorithm) => blobsIn(directory, algorithm)));
      const garbage = blobs.flat().filter(({ digest }) => !needed.has(digest));
      if (!dryRun) {
        const manifests = index.manifests.filter((entry) => !orphans.has(entry));
        if (orphans.size > 0) await replaceIndex(directory, { ...index, manifests });
        await Promise.all(garbage.map(({ path: blob }) => rm(blob, { force: true })));
        await removeAbandoned(directory, STAGING_PREFIX);
      }
      const size = garbage.reduce((sum, blob) => sum + blob.size, 0);
      return { digests: garbage.map(({ digest }) => digest).sort(), size };
    });
  } catch (error) {
    throw error instanceof RpmociError ? error : fault(directory, messageOf(error), error);
  }
}

/** Atomic; on the disk before it returns, and so before what the index named is removed. */
async function replaceIndex(directory: string, index: ImageIndex): Promise<void> {
  const staged = join(directory, `${STAGING_PREFIX}${processMark()}-index`);
  await writeFile(staged, JSON.stringify(index), { flush: true });
  await rename(staged, join(directory, INDEX_FILE));
  await syncDirectory(directory);
}

interface Blob {
  readonly digest: string;
  readonly path: string;
  readonly size: number;
}

async function blobsIn(directory: string, algorithm: Algorithm): Promise<readonly Blob[]> {
  const folder = join(directory, "blobs", algorithm);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const blobs = names.filter((name) => /^([0-9a-f]{64}){1,2}$/.test(name));
  return Promise.all(
    blobs.map(async (name) => {
      const path = join(folder, name);
      return { digest: `${algorithm}:${name}`, path, size: (await stat(path)).size };
    }),
  );
}

function fault(directory: string, reason: string, cause: unknown): RpmociError {
  return new RpmociError(`Failed to clean up the layout ${directory}: ${reason}`, {
    kind: "output",
    code: "LAYOUT_INVALID",
    cause,
  });
}

/** Removes from a layout what no image of it needs. */
import { readdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import type { Descriptor } from "../model/descriptor.js";
import { removeAbandoned } from "../processes.js";
import { ALGORITHMS, type Algorithm } from "./algorithm.js";
import { blobFile } from "./blob-file.js";
import { readDocument } from "./document.js";
import { inspectLayout, readIndex } from "./index-file.js";
import { STAGING_PREFIX } from "./layout.js";
import { withLayoutLock } from "./layout-lock.js";

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
 * nested indexes, image manifests and artifacts refer to; also what killed processes left. Builds into the same layout
 * may go on meanwhile. Returns what was removed, or would be. Throws an `RpmociError` of kind `output`, before anything is
 * removed when a referenced index or manifest cannot be read.
 */
export async function collectGarbage(path: string, { dryRun = false }: GarbageOptions = {}): Promise<Garbage> {
  const directory = resolve(path);
  if ((await inspectLayout(directory)) === "absent") throw fault(directory, "there is no layout", undefined);
  try {
    return await withLayoutLock(directory, async () => {
      const needed = new Set<string>();
      const { manifests } = await readIndex(directory);
      for (const descriptor of manifests) await reach(directory, descriptor, needed);
      const blobs = await Promise.all(ALGORITHMS.map((algorithm) => blobsIn(directory, algorithm)));
      const garbage = blobs.flat().filter(({ digest }) => !needed.has(digest));
      if (!dryRun) {
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

/** What may hold descriptors; no layer is of such a type. */
const REFERRING =
  /^application\/vnd\.(oci\.image\.(index|manifest)\.v1|docker\.distribution\.manifest\.(list\.)?v2)\+json$/;

/** Adds the digests of all that `descriptor` leads to. */
async function reach(directory: string, { digest, mediaType }: Descriptor, needed: Set<string>): Promise<void> {
  if (needed.has(digest)) return;
  needed.add(digest);
  if (!REFERRING.test(mediaType)) return;
  const document = JSON.parse((await readDocument(blobFile(directory, digest))).toString());
  const { config, layers, manifests, subject } = document;
  // Go's tools write null for lists without entries.
  for (const descriptor of [config, subject, ...(layers ?? []), ...(manifests ?? [])]) {
    // A subject need not be there, nor what an index of several platforms names.
    const isThere = descriptor && (await stat(blobFile(directory, descriptor.digest)).catch(() => null));
    if (isThere) await reach(directory, descriptor, needed);
  }
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

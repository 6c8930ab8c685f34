/** Where an image's documents and blobs lie: the directory of a layout, or an archive of one (oci-archive). */
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { messageOf } from "../errors.js";
import { LARGEST_DOCUMENT } from "./document.js";
import { TarParser } from "./tar-parser.js";

/** Where bytes lie: a file, or a part of one. */
export interface Extent {
  readonly path: string;
  readonly start: number;
  readonly size: number;
}

export interface BlobStore {
  /** By its name in the layout; null for what is not there, or no file. */
  find(name: string): Promise<Extent | null>;
}

/** Bytes that are read of a blob at a time. */
const CHUNK = 1 << 17;

/** Of the directory or the file at `path`. Throws an `Error` with the reason for one that cannot be read. */
export async function openBlobStore(path: string): Promise<BlobStore> {
  const absolute = resolve(path);
  const status = await stat(absolute);
  if (status.isDirectory()) return directoryStore(absolute);
  // A FIFO would keep whoever opens it waiting.
  if (status.isFile()) return archiveStore(absolute);
  throw new Error("it is neither a directory nor a file");
}

function directoryStore(directory: string): BlobStore {
  return {
    async find(name) {
      const path = join(directory, name);
      const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
        throw error;
      });
      return status?.isFile() ? { path, start: 0, size: status.size } : null;
    },
  };
}

/** The archive is not packed, as registries' tools write it, so that its files can be read where they are. */
async function archiveStore(path: string): Promise<BlobStore> {
  const extents = await extentsIn(path);
  return { find: async (name) => extents.get(name) ?? null };
}

/** The bytes of a file of the store. Throws for one that is not there, and what reading throws. */
export async function* readBlob(store: BlobStore, name: string): AsyncGenerator<Buffer> {
  const extent = await store.find(name);
  if (extent === null) throw new Error("it is missing");
  yield* streamOf(extent);
}

/** All of a file that is no longer than `limit`. Throws for a longer one, and as `readBlob`. */
export async function readStoredDocument(store: BlobStore, name: string, limit = LARGEST_DOCUMENT): Promise<Buffer> {
  const extent = await store.find(name);
  if (extent === null) throw new Error("it is missing");
  if (extent.size > limit) throw new Error(`it is longer than ${limit >> 20} MiB`);
  return Buffer.concat(await streamOf(extent).toArray());
}

/** Of no byte more than the extent has, should its file grow. */
function streamOf({ path, start, size }: Extent): Readable {
  if (size === 0) return Readable.from([]);
  return createReadStream(path, { start, end: start + size - 1, highWaterMark: CHUNK });
}

/** Where the files in an archive begin; their contents are passed over. */
async function extentsIn(path: string): Promise<ReadonlyMap<string, Extent>> {
  const extents = new Map<string, Extent>();
  const file = await open(path);
  try {
    const { size: end } = await file.stat();
    let position = 0;
    let contents = 0;
    const parser = new TarParser(({ name, size, type }) => {
      contents = size;
      if (type === "file") extents.set(name.replace(/^\.\//, ""), { path, start: position, size });
      return null;
    });
    const block = Buffer.alloc(512);
    while (position < end) {
      contents = 0;
      const { bytesRead } = await file.read(block, 0, block.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      parser.push(block.subarray(0, bytesRead));
      if (parser.hasEnded) return extents;
      const blocks = Math.ceil(contents / block.length) * block.length;
      if (position + blocks > end) throw new Error("the archive ends too early");
      if (contents > 0) parser.skipContents();
      position += blocks;
    }
    parser.end();
    return extents;
  } catch (error) {
    throw new Error(`it is neither the directory of an OCI image layout nor an archive of one: ${messageOf(error)}`);
  } finally {
    await file.close();
  }
}

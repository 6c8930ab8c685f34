/** Where an image's documents and blobs lie: the directory of a layout, or an archive of one (oci-archive). */
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { messageOf } from "../errors.js";
import { LARGEST_DOCUMENT, readDocument } from "./document.js";
import { TarParser } from "./tar-parser.js";

export interface BlobStore {
  /** All of a file, by its name in the layout. Throws as reading does. */
  document(name: string, limit?: number): Promise<Buffer>;
  /** A stream that fails as reading does. */
  open(name: string): Readable;
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
    document: (name, limit) => readDocument(join(directory, name), limit),
    open: (name) => createReadStream(join(directory, name), { highWaterMark: CHUNK }),
  };
}

interface Extent {
  readonly start: number;
  readonly size: number;
}

/** The archive is not packed, as registries' tools write it, so that its files can be read where they are. */
async function archiveStore(path: string): Promise<BlobStore> {
  const extents = await extentsIn(path);
  const open = (name: string): Readable => {
    const extent = extents.get(name);
    if (extent === undefined)
      return new Readable({
        read() {
          this.destroy(missing(name));
        },
      });
    const { start, size } = extent;
    if (size === 0) return Readable.from([]);
    return createReadStream(path, { start, end: start + size - 1, highWaterMark: CHUNK });
  };
  return {
    open,
    document: async (name, limit = LARGEST_DOCUMENT) => {
      if ((extents.get(name)?.size ?? 0) > limit) throw new Error(`it is longer than ${limit >> 20} MiB`);
      return Buffer.concat(await open(name).toArray());
    },
  };
}

function missing(name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`the archive has no ${name}`), { code: "ENOENT" });
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
      if (type === "file") extents.set(name.replace(/^\.\//, ""), { start: position, size });
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

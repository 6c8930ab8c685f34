/** Archives of few, large files, whose bytes depend on their contents alone (POSIX.1-2001, "pax Interchange Format"). */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { RpmociError } from "../errors.js";
import type { ImageBlob } from "../model/layout-image.js";

export interface ArchiveEntry {
  /** Of a directory, with a slash at its end. */
  readonly name: string;
  /** Nothing for a directory. */
  readonly content: Buffer | ImageBlob | null;
}

export interface ArchiveRequest {
  /** In the order of the archive. */
  readonly entries: readonly ArchiveEntry[];
  /** Of all entries: seconds since the epoch. */
  readonly time: number;
  readonly count: (bytes: number) => void;
  readonly signal: AbortSignal | undefined;
}

const BLOCK = 256 << 10;

/** Of SHA-512, too: digests say which. */
const HASHED = /^sha(?:256|512)(?=:)/;

/**
 * Writes an archive to its end, and checks the blobs' digests meanwhile. All entries are root's. Throws an `RpmociError` of
 * kind `verify` for a damaged blob, what writing throws, and the signal's reason.
 */
export async function writeArchive(output: Writable, { entries, time, count, signal }: ArchiveRequest): Promise<void> {
  const archive = pack();
  const writing = pipeline(archive, output, ...(signal === undefined ? [] : [{ signal }]));
  try {
    await Promise.race([writing, addAll()]);
    await writing;
  } catch (error) {
    archive.destroy();
    await writing.catch(() => {});
    signal?.throwIfAborted();
    throw error;
  }

  async function addAll(): Promise<void> {
    for (const { name, content } of entries) {
      const owner = { uid: 0, gid: 0, uname: "", gname: "", mtime: new Date(time * 1000) };
      if (content === null) archive.entry({ name, ...owner, type: "directory", mode: 0o755 });
      else if (Buffer.isBuffer(content)) archive.entry({ name, ...owner, mode: 0o644 }, content);
      else {
        const { size } = content.descriptor;
        await pipeline(
          streamOf(content),
          verified(content, count),
          archive.entry({ name, ...owner, size, mode: 0o644 }),
        );
      }
    }
    archive.finalize();
  }
}

function streamOf({ path, start, descriptor: { size } }: ImageBlob): Readable {
  if (size === 0) return Readable.from([]);
  return createReadStream(path, { start, end: start + size - 1, highWaterMark: BLOCK });
}

/** Passes on the bytes of a blob, and throws at their end unless they are the blob's. */
function verified({ descriptor: { digest, size } }: ImageBlob, count: (bytes: number) => void) {
  return async function* (source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    const [algorithm] = HASHED.exec(digest) ?? [];
    const hash = algorithm === undefined ? null : createHash(algorithm);
    let length = 0;
    for await (const chunk of source) {
      hash?.update(chunk);
      length += chunk.length;
      count(chunk.length);
      yield chunk;
    }
    if (length === size && (hash === null || `${algorithm}:${hash.digest("hex")}` === digest)) return;
    throw new RpmociError(`the image is damaged: ${digest}: its bytes have another digest`, {
      kind: "verify",
      code: "IMAGE_DAMAGED",
      hint: "rpmoci layout validate lists all that is wrong with a layout",
    });
  };
}

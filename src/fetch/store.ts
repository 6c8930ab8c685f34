/** Files that are kept by their checksum, shared by all builds of a user. */
import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { open, rename, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { makeDirectory } from "../directories.js";
import type { Checksum } from "../model/checksum.js";
import { processMark, removeAbandoned } from "../processes.js";

/** `$XDG_CACHE_HOME/rpmoci`, else `~/.cache/rpmoci`. */
export function defaultCacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment.XDG_CACHE_HOME;
  return join(base === undefined || base === "" ? join(homedir(), ".cache") : base, "rpmoci");
}

/** Thrown by `Store.add` for bytes other than the expected ones. */
export class WrongChecksum extends Error {
  constructor(
    readonly expected: Checksum,
    readonly actual: string,
  ) {
    super(`expected ${expected.algorithm}:${expected.value}, got ${expected.algorithm}:${actual}`);
  }
}

/** Thrown by `Store.add` for more bytes than are expected. */
export class TooManyBytes extends Error {
  constructor(size: number) {
    super(`expected ${size} bytes, got more`);
  }
}

/** Bytes that are read at once. */
const BLOCK = 256 << 10;

/** The lower-case hexadecimal checksum of a file. */
export async function checksumOf(path: string, algorithm: Checksum["algorithm"]): Promise<string> {
  const hash = createHash(algorithm);
  // A stream takes a new block for each read, and nobody collects them before a whole file of metadata is in memory.
  const block = Buffer.allocUnsafeSlow(BLOCK);
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(block, 0, BLOCK);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(block.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/**
 * A directory of files named by checksum. Several processes may share it: a file gets its name only when it is whole
 * and right, by a rename; whoever comes second replaces it by the same bytes.
 */
export class Store {
  constructor(readonly directory: string) {}

  pathOf({ algorithm, value }: Checksum): string {
    return join(this.directory, algorithm, value.slice(0, 2), value);
  }

  /**
   * The path of the file when the store has it and its bytes are still right; a damaged one is removed. Its modification
   * time is then that of this use.
   */
  async find(checksum: Checksum): Promise<string | null> {
    const path = this.pathOf(checksum);
    const present = await stat(path).catch(() => null);
    if (present === null) return null;
    if (present.isFile() && (await checksumOf(path, checksum.algorithm)) === checksum.value) {
      const now = new Date();
      // A cache that cannot be written can be read all the same.
      await utimes(path, now, now).catch(() => {});
      return path;
    }
    await rm(path, { recursive: true, force: true });
    return null;
  }

  /**
   * Takes the bytes of `source` in, which is at its end or destroyed afterwards. Throws `WrongChecksum`, `TooManyBytes`
   * as soon as there are more than `size`, and whatever reading or writing throws.
   */
  async add(checksum: Checksum, source: Readable, size?: number): Promise<string> {
    // What breaks before `pipeline` listens would end the process; `pipeline` throws it all the same.
    source.on("error", () => {});
    const path = this.pathOf(checksum);
    const partial = `${path}.${processMark()}.${randomBytes(6).toString("hex")}.part`;
    const hash = createHash(checksum.algorithm);
    try {
      await makeDirectory(dirname(path));
      await removeAbandoned(dirname(path), `${basename(path)}.`);
      let received = 0;
      source.on("data", (chunk: Buffer) => {
        hash.update(chunk);
        received += chunk.length;
        if (size !== undefined && received > size) source.destroy(new TooManyBytes(size));
      });
      await pipeline(source, createWriteStream(partial, { flags: "wx" }));
      const actual = hash.digest("hex");
      if (actual !== checksum.value) throw new WrongChecksum(checksum, actual);
      await rename(partial, path);
      return path;
    } catch (error) {
      source.destroy();
      await rm(partial, { force: true }).catch(() => {});
      throw error;
    }
  }
}

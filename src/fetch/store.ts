/** Files that are kept by their checksum, shared by all builds of a user. */
import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
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

/** What was taken in. */
export interface Stored {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** What came. */
export interface Received {
  /** Lower-case hexadecimal digits. */
  readonly checksum: string;
  /** Bytes. */
  readonly size: number;
}

/** Bytes that are read or written at once; each time another thread has to be woken. */
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
  /** Folders that are there and have nothing of killed processes. */
  readonly #folders = new Map<string, Promise<void>>();

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
  async add(checksum: Checksum, source: Readable, size?: number): Promise<Stored> {
    // What breaks before anybody reads would end the process; whoever reads is told all the same.
    source.on("error", () => {});
    try {
      return await this.addBy(checksum, (partial) => receive(source, partial, checksum.algorithm, size));
    } finally {
      source.destroy();
    }
  }

  /**
   * Takes in what `write` makes at the path that it is given. Throws `WrongChecksum`, and whatever `write` throws.
   */
  async addBy(checksum: Checksum, write: (partial: string) => Promise<Received>): Promise<Stored> {
    const path = this.pathOf(checksum);
    const partial = `${path}.${processMark()}.${randomBytes(6).toString("hex")}.part`;
    try {
      await this.#prepare(dirname(path));
      const received = await write(partial);
      if (received.checksum !== checksum.value) throw new WrongChecksum(checksum, received.checksum);
      await rename(partial, path);
      return { path, size: received.size };
    } catch (error) {
      await rm(partial, { force: true }).catch(() => {});
      throw error;
    }
  }

  async #prepare(folder: string): Promise<void> {
    const prepared = this.#folders.get(folder) ?? prepare(folder);
    this.#folders.set(folder, prepared);
    try {
      await prepared;
    } catch (error) {
      this.#folders.delete(folder);
      throw error;
    }
  }
}

async function prepare(folder: string): Promise<void> {
  if ((await makeDirectory(folder)) === undefined) await removeAbandoned(folder, /^[0-9a-f]+\./);
}

/** Writes a new file. */
async function receive(
  source: Readable,
  path: string,
  algorithm: Checksum["algorithm"],
  size: number | undefined,
): Promise<Received> {
  const hash = createHash(algorithm);
  const file = await open(path, "wx");
  try {
    let received = 0;
    let waiting: Buffer[] = [];
    let waitingBytes = 0;
    let writing = Promise.resolve();
    const flush = async (): Promise<void> => {
      // While these are written, others come.
      await writing;
      writing = writeAll(file, waiting);
      writing.catch(() => {});
      waiting = [];
      waitingBytes = 0;
    };
    for await (const chunk of source as AsyncIterable<Buffer>) {
      hash.update(chunk);
      received += chunk.length;
      if (size !== undefined && received > size) throw new TooManyBytes(size);
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes >= BLOCK) await flush();
    }
    await flush();
    await writing;
    return { checksum: hash.digest("hex"), size: received };
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, buffers: readonly Buffer[]): Promise<void> {
  if (buffers.length === 0) return;
  const { bytesWritten } = await file.writev(buffers);
  // A disk that is getting full takes a part, and tells why only when it is asked again.
  if (bytesWritten === buffers.reduce((sum, { length }) => sum + length, 0)) return;
  for (let rest = Buffer.concat(buffers).subarray(bytesWritten); rest.length > 0; ) {
    rest = rest.subarray((await file.write(rest)).bytesWritten);
  }
}

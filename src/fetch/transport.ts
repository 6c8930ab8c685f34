/** The transport of a build: HTTP, HTTPS and files, with the store behind it. */
import { type FileHandle, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { messageOf, RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { cacheFolders } from "../model/cache-folders.js";
import type { Checksum } from "../model/checksum.js";
import type { FileRequest, TransferOptions, Transport } from "../model/transport.js";
import { withoutCredentials } from "../model/url.js";
import { useCache } from "./cache-use.js";
import { DispatcherPool } from "./dispatcher.js";
import { MirrorChoice } from "./mirror-choice.js";
import { MissingOffline } from "./offline.js";
import { OpenFailure, openUrl, transferFailure } from "./open.js";
import { Store, TooManyBytes, WrongChecksum } from "./store.js";

type WrongBytes = WrongChecksum | TooManyBytes;

/** Errors of this machine rather than of a server: trying another mirror would not help. */
const LOCAL_FAULTS = new Set(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EMFILE", "EIO", "ENOTDIR", "ENOENT"]);

/** Far more than any repomd.xml, metalink or file of keys has. */
const MOST_BYTES = 16 << 20;

export interface TransportOptions {
  readonly cacheDirectory: string;
  readonly emit: Emit;
  /** Opens no connection: what is neither in the cache nor a local file is an error of the code `OFFLINE`. */
  readonly offline?: boolean;
  /** Ends downloads; whoever waits for one then gets the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Until it is closed, nobody removes from the cache what it has given out. */
export class HttpTransport implements Transport {
  readonly #dispatchers = new DispatcherPool();
  readonly #mirrors = new MirrorChoice();
  readonly #cacheDirectory: string;
  #use: Promise<FileHandle | null> | undefined;
  readonly #store: Store;
  readonly #emit: Emit;
  readonly #offline: boolean;
  readonly #signal: AbortSignal | undefined;

  constructor({ cacheDirectory, emit, offline = false, signal }: TransportOptions) {
    this.#cacheDirectory = cacheDirectory;
    this.#store = new Store(cacheFolders(cacheDirectory).files);
    this.#emit = emit;
    this.#offline = offline;
    this.#signal = signal;
  }

  async readBytes(urls: readonly string[], what: string, transfer: TransferOptions): Promise<Buffer> {
    return this.#firstOf(
      async () => urls,
      what,
      transfer,
      (url) => this.#consume(url, transfer, (stream) => smallFile(url, stream)),
    );
  }

  /**
   * The first `count` bytes of a file, or all that it has; nothing vouches for them. URLs are tried in turn. Throws an
   * `RpmociError` of kind `fetch`.
   */
  async readStart(urls: readonly string[], count: number, what: string, transfer: TransferOptions): Promise<Buffer> {
    const ranged = { ...transfer, headers: { ...transfer.headers, range: `bytes=0-${count - 1}` } };
    return this.#firstOf(
      async () => urls,
      what,
      transfer,
      (url) => this.#consume(url, ranged, (stream) => firstBytes(stream, count)),
    );
  }

  async fetchFile(request: FileRequest): Promise<string> {
    const path = (await this.cached(request.checksum)) ?? (await this.#download(request));
    if (request.size !== undefined) await checkSize(path, request.size, request.what);
    return path;
  }

  #download({ urls, checksum, size, what, transfer, anyOrder = false }: FileRequest): Promise<string> {
    const fetch = async (url: string): Promise<string> => {
      const stream = await openUrl(url, transfer, this.#dispatchers, this.#signal);
      try {
        return await this.#store.add(checksum, stream, size);
      } catch (error) {
        if (error instanceof WrongChecksum || error instanceof TooManyBytes) throw error;
        const { code = "", syscall } = error as NodeJS.ErrnoException;
        if (syscall !== undefined && LOCAL_FAULTS.has(code)) throw cacheFault(this.#store.directory, error);
        throw transferFailure(url, error);
      }
    };
    if (!anyOrder) return this.#firstOf(urls, what, transfer, fetch);
    const measured = async (url: string): Promise<{ result: string; bytes: number }> => {
      const path = await fetch(url);
      return { result: path, bytes: (await stat(path)).size };
    };
    const choose = (left: readonly string[]): string => this.#mirrors.best(left);
    return this.#firstOf(urls, what, transfer, (url) => this.#mirrors.use(url, () => measured(url)), choose);
  }

  /** Where the cache keeps the file with this checksum, whether or not it has it. */
  pathOf(checksum: Checksum): string {
    return this.#store.pathOf(checksum);
  }

  /** The path of a file that was fetched earlier; null when it is not kept any more. */
  async cached(checksum: Checksum): Promise<string | null> {
    this.#use ??= useCache(this.#cacheDirectory);
    await this.#use;
    return this.#store.find(checksum);
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.#dispatchers.close();
    await (await this.#use)?.close();
    this.#use = undefined;
  }

  async #consume(
    url: string,
    transfer: TransferOptions,
    consume: (stream: Readable) => Promise<Buffer>,
  ): Promise<Buffer> {
    const stream = await openUrl(url, transfer, this.#dispatchers, this.#signal);
    try {
      return await consume(stream);
    } catch (error) {
      if (error instanceof OpenFailure) throw error;
      throw transferFailure(url, error);
    }
  }

  async #firstOf<T>(
    urls: () => Promise<readonly string[]>,
    what: string,
    { retries }: TransferOptions,
    attempt: (url: string) => Promise<T>,
    choose: (urls: readonly string[]) => string = ([first = ""]) => first,
  ): Promise<T> {
    const reasons: string[] = [];
    let wrong: WrongBytes | null = null;
    const all = await urls();
    const reachable = this.#offline ? all.filter(isLocal) : all;
    if (reachable.length === 0 && all.length > 0) throw new MissingOffline([what]);
    for (let left = reachable; left.length > 0; ) {
      const url = choose(left);
      left = left.filter((other) => other !== url);
      this.#emit({ type: "debug", message: `fetching ${withoutCredentials(url)}` });
      try {
        return await restarting(() => attempt(url), retries);
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (error instanceof WrongChecksum || error instanceof TooManyBytes) {
          wrong ??= error;
          reasons.push(`${withoutCredentials(url)}: ${error.message}`);
        } else if (error instanceof OpenFailure) {
          reasons.push(error.message);
        } else {
          throw error;
        }
      }
    }
    throw unavailable(what, reasons, wrong);
  }
}

function isLocal(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === "file:";
}

/** The right bytes, but not as many as whoever named them said: one of the two statements was forged or damaged. */
async function checkSize(path: string, expected: number, what: string): Promise<void> {
  const { size } = await stat(path);
  if (size === expected) return;
  throw new RpmociError(`${what} has the wrong size: expected ${expected} bytes, got ${size}`, {
    kind: "verify",
    code: "SIZE_MISMATCH",
  });
}

/** The whole of a stream; one that does not end would fill the memory. */
async function smallFile(url: string, stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new OpenFailure(url, `is larger than ${MOST_BYTES >> 20} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A server may send the whole file all the same. */
async function firstBytes(stream: Readable, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= count) break;
  }
  return Buffer.concat(chunks).subarray(0, count);
}

/** The dispatcher resumes a download that broke off where the server can; where it cannot, it begins again. */
async function restarting<T>(attempt: () => Promise<T>, retries: number): Promise<T> {
  for (let left = retries; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof OpenFailure && error.restartable) || left <= 0) throw error;
    }
  }
}

function unavailable(what: string, reasons: readonly string[], wrong: WrongBytes | null): RpmociError {
  const [first = "no URL is known for it", ...rest] = reasons;
  if (wrong !== null) {
    const size = wrong instanceof TooManyBytes;
    return new RpmociError(`${what} has the wrong ${size ? "size" : "checksum"}: ${first}`, {
      kind: "verify",
      code: size ? "SIZE_MISMATCH" : "CHECKSUM_MISMATCH",
      hint: "the file was damaged or replaced; if the repository changed on purpose, run rpmoci update",
      details: rest,
    });
  }
  return new RpmociError(`Failed to download ${what}: ${first}`, {
    kind: "fetch",
    code: "DOWNLOAD_FAILED",
    details: rest,
  });
}

function cacheFault(directory: string, error: unknown): RpmociError {
  return new RpmociError(`Failed to write to the cache ${directory}: ${messageOf(error)}`, {
    kind: "environment",
    code: "CACHE_UNWRITABLE",
    hint: "free some space, or name another directory with --cache-dir",
    cause: error,
  });
}

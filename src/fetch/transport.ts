/** The transport of a build: HTTP, HTTPS and files, with the store behind it. */
import { type FileHandle, stat } from "node:fs/promises";
import { messageOf, RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { cacheFolders } from "../model/cache-folders.js";
import type { Checksum } from "../model/checksum.js";
import type { FileRequest, TransferOptions, Transport } from "../model/transport.js";
import { withoutCredentials } from "../model/url.js";
import { useCache } from "./cache-use.js";
import { HttpClient, LocalFailure, type Start } from "./http-client.js";
import { MirrorChoice } from "./mirror-choice.js";
import { MissingOffline } from "./offline.js";
import { isLocal, OpenFailure, openLocal } from "./open.js";
import { Store, type Stored, TooManyBytes, WrongChecksum } from "./store.js";
import { TransferProgress } from "./transfer-progress.js";

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
  readonly #http: HttpClient;
  readonly #mirrors = new MirrorChoice();
  readonly #cacheDirectory: string;
  #use: Promise<FileHandle | null> | undefined;
  readonly #store: Store;
  readonly #emit: Emit;
  readonly #transfers: TransferProgress;
  readonly #offline: boolean;
  readonly #signal: AbortSignal | undefined;

  constructor({ cacheDirectory, emit, offline = false, signal }: TransportOptions) {
    this.#cacheDirectory = cacheDirectory;
    this.#store = new Store(cacheFolders(cacheDirectory).files);
    this.#emit = emit;
    this.#transfers = new TransferProgress(emit);
    this.#offline = offline;
    this.#signal = signal;
    this.#http = new HttpClient(signal);
  }

  async readBytes(urls: readonly string[], what: string, transfer: TransferOptions): Promise<Buffer> {
    return this.#firstOf(
      async () => urls,
      what,
      async (url) => {
        const { bytes, more } = isLocal(url)
          ? await localStart(url, MOST_BYTES)
          : await this.#http.read(url, transfer, MOST_BYTES);
        if (more) throw new OpenFailure(url, `is larger than ${MOST_BYTES >> 20} MiB`);
        return bytes;
      },
    );
  }

  /**
   * The first `count` bytes of a file, or all that it has; nothing vouches for them. URLs are tried in turn. Throws an
   * `RpmociError` of kind `fetch`.
   */
  async readStart(urls: readonly string[], count: number, what: string, transfer: TransferOptions): Promise<Buffer> {
    return this.#firstOf(
      async () => urls,
      what,
      async (url) => {
        const start = isLocal(url) ? localStart(url, count) : this.#http.read(url, transfer, count, { ranged: true });
        return (await start).bytes;
      },
    );
  }

  async fetchFile(request: FileRequest): Promise<string> {
    const kept = await this.cached(request.checksum);
    const { path, size } =
      kept === null ? await this.#download(request) : { path: kept, size: (await stat(kept)).size };
    if (request.size !== undefined) checkSize(size, request.size, request.what);
    return path;
  }

  #download({ urls, checksum, size, what, transfer, anyOrder = false }: FileRequest): Promise<Stored> {
    const fetch = async (url: string): Promise<Stored> => {
      try {
        if (isLocal(url)) return await this.#store.add(checksum, await openLocal(url), size);
        return await this.#store.addBy(checksum, (path) =>
          this.#transfers.watch({ what, size, path }, () =>
            this.#http.download(url, transfer, { path, checksum, size }),
          ),
        );
      } catch (error) {
        const { code = "", syscall } = error as NodeJS.ErrnoException;
        if (error instanceof LocalFailure || (syscall !== undefined && LOCAL_FAULTS.has(code)))
          throw cacheFault(this.#store.directory, error);
        throw syscall === undefined ? error : new OpenFailure(url, messageOf(error));
      }
    };
    if (!anyOrder) return this.#firstOf(urls, what, fetch);
    const choose = (left: readonly string[]): string => this.#mirrors.best(left);
    return this.#firstOf(urls, what, (url) => this.#mirrors.use(url, () => fetch(url)), choose);
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
    this.#http.close();
    await (await this.#use)?.close();
    this.#use = undefined;
  }

  async #firstOf<T>(
    urls: () => Promise<readonly string[]>,
    what: string,
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
        return await attempt(url);
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

/** The right bytes, but not as many as whoever named them said: one of the two statements was forged or damaged. */
function checkSize(size: number, expected: number, what: string): void {
  if (size === expected) return;
  throw new RpmociError(`${what} has the wrong size: expected ${expected} bytes, got ${size}`, {
    kind: "verify",
    code: "SIZE_MISMATCH",
  });
}

/** The first `count` bytes of a local file, or all that it has. Throws an `OpenFailure`. */
async function localStart(url: string, count: number): Promise<Start> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of (await openLocal(url)) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > count) break;
    }
  } catch (error) {
    throw error instanceof OpenFailure ? error : new OpenFailure(url, messageOf(error));
  }
  return { bytes: Buffer.concat(chunks).subarray(0, count), more: size > count };
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
    hint: hintFor(what, first),
    details: rest,
  });
}

/** What to do about the commonest reasons; undefined where nobody knows. */
function hintFor(what: string, reason: string): string | undefined {
  if (/cannot be resolved|refused|timed out/.test(reason)) {
    return "look for a mistake in the URL; behind a proxy, name it in https_proxy and http_proxy, or as the repository's option proxy";
  }
  if (what.startsWith("the metadata of ") && /HTTP status 404|ENOENT/.test(reason)) {
    return "the repository's URL is that of the directory with repodata/ in it; the system's variables, such as $releasever, may be part of it";
  }
  return undefined;
}

function cacheFault(directory: string, error: unknown): RpmociError {
  return new RpmociError(`Failed to write to the cache ${directory}: ${messageOf(error)}`, {
    kind: "environment",
    code: "CACHE_UNWRITABLE",
    hint: "free some space, or name another directory with --cache-dir",
    cause: error,
  });
}

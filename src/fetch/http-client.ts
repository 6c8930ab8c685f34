/** Bytes over HTTP: redirections, retries, and the rest of files that broke off. */
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import pRetry from "p-retry";
import type { Checksum } from "../model/checksum.js";
import type { TransferOptions } from "../model/transport.js";
import { withoutCredentials } from "../model/url.js";
import type { Connections, TransferFailure, TransferFile, TransferResult } from "../native/binding.js";
import { cancellable } from "../native/cancellable.js";
import { transferBinding } from "../native/load.js";
import { connectionOptions, proxyFor } from "./connection-options.js";
import { OpenFailure } from "./open.js";
import { type Received, TooManyBytes } from "./store.js";

const MAX_REDIRECTIONS = 10;

/** Milliseconds before the second attempt, twice as many before each later one, and the most. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

const PASSING_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);
const PASSING_FAILURES = new Set<TransferFailure["code"]>(["RESOLVE", "CONNECT", "TIMEOUT", "BROKEN_OFF"]);

/** Another attempt may succeed. */
class PassingFailure extends OpenFailure {
  constructor(
    url: string,
    reason: string,
    /** Milliseconds that the server asks to be given. */
    readonly wait = 0,
  ) {
    super(url, reason);
  }
}

/** This machine could not keep what came. */
export class LocalFailure extends Error {}

export interface Download {
  /** Made by the first bytes; what of it is there when a download fails is of no use. */
  readonly path: string;
  readonly checksum: Checksum;
  /** Bytes, when they are known. */
  readonly size: number | undefined;
}

export interface Start {
  readonly bytes: Buffer;
  /** The file has more. */
  readonly more: boolean;
}

/** For one build. */
export class HttpClient {
  #connections: Connections | undefined;

  constructor(private readonly signal: AbortSignal | undefined) {}

  /**
   * The first `count` bytes, or all that there are. With `ranged`, no others are asked for, though a server may send them.
   * Throws an `OpenFailure`.
   */
  async read(url: string, options: TransferOptions, count: number, { ranged = false } = {}): Promise<Start> {
    const headers = ranged ? [`Range: bytes=0-${count - 1}`] : [];
    const { body, tooLarge } = await this.#retrying(options, async () => {
      const result = await this.#follow(url, options, { headers, maxBytes: count, file: null });
      return checked(url, options, result);
    });
    return { bytes: body ?? Buffer.alloc(0), more: tooLarge };
  }

  /**
   * Writes a file. Throws an `OpenFailure`, a `LocalFailure`, and `TooManyBytes` as soon as there are more than `size`.
   */
  async download(url: string, options: TransferOptions, { path, checksum, size }: Download): Promise<Received> {
    const maxBytes = size ?? Number.MAX_SAFE_INTEGER;
    let validator = "";
    let begun = 0;
    return this.#retrying(options, async () => {
      const file = { path, algorithm: checksum.algorithm, validator };
      const result = await this.#follow(url, options, { headers: [], maxBytes, file });
      const resumed = begun > 0 && result.status === 206;
      begun = result.size;
      if (result.status === 200 || result.status === 206) validator = result.validator;
      if (result.tooLarge && !resumed) throw new TooManyBytes(maxBytes);
      const wrong = result.failure === null && result.checksum !== checksum.value;
      if (result.status === 416 || (resumed && (wrong || result.tooLarge))) {
        await rm(path, { force: true });
        begun = 0;
        throw new PassingFailure(url, "the file changed while it was downloaded");
      }
      return checked(url, options, result);
    });
  }

  /** Ends all connections. */
  close(): void {
    if (this.#connections !== undefined) transferBinding().closeConnections(this.#connections);
    this.#connections = undefined;
  }

  async #retrying<T>({ retries }: TransferOptions, attempt: () => Promise<T>): Promise<T> {
    return pRetry(attempt, {
      retries: Math.max(0, retries),
      minTimeout: FIRST_PAUSE,
      maxTimeout: LONGEST_PAUSE,
      ...(this.signal === undefined ? {} : { signal: this.signal }),
      shouldRetry: ({ error }) => error instanceof PassingFailure,
      onFailedAttempt: async ({ error, retriesLeft }) => {
        if (!(error instanceof PassingFailure) || error.wait === 0 || retriesLeft === 0) return;
        await delay(Math.min(error.wait, LONGEST_PAUSE), undefined, { signal: this.signal });
      },
    });
  }

  /** Another origin gets neither credentials nor the headers of the options, which may be secrets. */
  async #follow(
    url: string,
    options: TransferOptions,
    { headers, maxBytes, file }: { headers: readonly string[]; maxBytes: number; file: TransferFile | null },
  ): Promise<TransferResult> {
    const addon = transferBinding();
    this.#connections ??= addon.newConnections();
    const connections = this.#connections;
    const first = parsed(url);
    const secrets = secretHeaders(first, options);
    const agent = Object.entries(options.headers).find(([name]) => isUserAgent(name))?.[1] ?? "rpmoci";
    for (let current = first, left = MAX_REDIRECTIONS; ; left -= 1) {
      const request = {
        ...connectionOptions(current, options),
        url: plain(current),
        headers: [`User-Agent: ${agent}`, ...headers, ...(current.origin === first.origin ? secrets : [])],
        maxBytes,
      };
      const result = await cancellable(addon, this.signal, (cancellation) =>
        addon.transfer(connections, request, file, cancellation),
      );
      if (result.redirectedTo === "") return result;
      if (left === 0) throw new OpenFailure(url, `redirects more than ${MAX_REDIRECTIONS} times`);
      current = redirection(url, result.redirectedTo);
    }
  }
}

function parsed(url: string): URL {
  if (!URL.canParse(url)) throw new OpenFailure(url, "is not a URL");
  const { protocol } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") throw new OpenFailure(url, `${protocol} is not supported`);
  return new URL(url);
}

function redirection(url: string, target: string): URL {
  try {
    return parsed(target);
  } catch {
    throw new OpenFailure(url, `redirects to ${withoutCredentials(target)}, which is not an HTTP URL`);
  }
}

/** Without credentials and fragment. */
function plain(url: URL): string {
  const copy = new URL(url);
  copy.username = "";
  copy.password = "";
  copy.hash = "";
  return copy.href;
}

function secretHeaders(url: URL, { credentials, headers }: TransferOptions): readonly string[] {
  const { username, password } = credentials ?? { username: decoded(url.username), password: decoded(url.password) };
  const token = Buffer.from(`${username}:${password}`).toString("base64");
  return [
    ...Object.entries(headers).flatMap(([name, value]) => (isUserAgent(name) ? [] : [`${name}: ${value}`])),
    ...(username === "" && password === "" ? [] : [`Authorization: Basic ${token}`]),
  ];
}

/** The one header of the options that is no secret. */
function isUserAgent(name: string): boolean {
  return name.toLowerCase() === "user-agent";
}

/** A percent sign that encodes nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A result that has the file. Throws an `OpenFailure` or a `LocalFailure`. */
function checked(url: string, options: TransferOptions, result: TransferResult): TransferResult {
  const { status, failure, retryAfter } = result;
  if (failure !== null) {
    if (failure.code === "LOCAL") throw new LocalFailure(failure.message);
    const Failure = PASSING_FAILURES.has(failure.code) ? PassingFailure : OpenFailure;
    throw new Failure(url, `${describe(failure)}${throughProxy(url, options)}`);
  }
  if (status === 200 || status === 206) return result;
  if (!PASSING_STATUSES.has(status)) throw new OpenFailure(url, statusReason(status));
  throw new PassingFailure(url, statusReason(status), Math.max(0, retryAfter) * 1000);
}

function throughProxy(url: string, options: TransferOptions): string {
  const proxy = proxyFor(new URL(url), options);
  return proxy === "" ? "" : ` (through the proxy ${withoutCredentials(proxy)})`;
}

function describe({ code, message }: TransferFailure): string {
  switch (code) {
    case "RESOLVE":
      return "the host name cannot be resolved";
    case "CONNECT":
      return message.toLowerCase();
    case "TIMEOUT":
      return "timed out";
    case "BROKEN_OFF":
      return `the connection broke off (${message})`;
    case "PROXY":
      return `the proxy refuses (${message})`;
    default:
      return message;
  }
}

function statusReason(status: number): string {
  if (status === 401 || status === 403) return `access denied (HTTP status ${status})`;
  return status === 404 ? "not found (HTTP status 404)" : `HTTP status ${status}`;
}

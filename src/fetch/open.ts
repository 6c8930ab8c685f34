/** Opens one URL (`http:`, `https:`, `file:`) as a stream of bytes. */
import { constants, createReadStream } from "node:fs";
import { open as openFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { messageOf, RpmociError } from "../errors.js";
import type { TransferOptions } from "../model/transport.js";
import { withoutCredentials } from "../model/url.js";
import type { DispatcherPool } from "./dispatcher.js";

/** Why a URL gave no bytes, in words for users. */
export class OpenFailure extends Error {
  constructor(
    url: string,
    reason: string,
    /** The bytes broke off and the server cannot send the rest alone: a new start may succeed. */
    readonly restartable = false,
  ) {
    super(`${withoutCredentials(url)}: ${reason}`);
  }
}

/** Throws an `OpenFailure`; errors while the stream is read come out of the stream, see `transferFailure`. */
export async function openUrl(
  url: string,
  options: TransferOptions,
  dispatchers: DispatcherPool,
  signal?: AbortSignal,
): Promise<Readable> {
  if (!URL.canParse(url)) throw new OpenFailure(url, "is not a URL");
  const parsed = new URL(url);
  if (parsed.protocol === "file:") return openLocal(url, parsed);
  const headers: Record<string, string> = {
    "user-agent": "rpmoci",
    "accept-encoding": "identity",
    ...options.headers,
  };
  const credentials =
    options.credentials ??
    (parsed.username === "" ? undefined : { username: decoded(parsed.username), password: decoded(parsed.password) });
  if (credentials !== undefined) {
    const token = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
    headers.authorization = `Basic ${token}`;
  }
  parsed.username = "";
  parsed.password = "";
  try {
    const { request } = await import("./http-client.js");
    const dispatcher = await dispatchers.dispatcherFor(options);
    const response = await request(parsed, { dispatcher, headers, ...(signal === undefined ? {} : { signal }) });
    // A part only comes to those who ask for one.
    if (response.statusCode === 200 || response.statusCode === 206) return response.body;
    response.body.on("error", () => {}).destroy();
    throw new OpenFailure(url, statusReason(response.statusCode));
  } catch (error) {
    throw error instanceof OpenFailure || error instanceof RpmociError ? error : transferFailure(url, error);
  }
}

/** Regular files only: a device may never end, and a pipe never begin. */
async function openLocal(url: string, parsed: URL): Promise<Readable> {
  try {
    const handle = await openFile(fileURLToPath(parsed), constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return createReadStream("", { fd: handle });
    await handle.close();
  } catch (error) {
    throw new OpenFailure(url, messageOf(error));
  }
  throw new OpenFailure(url, "is not a regular file");
}

/** A percent sign that encodes nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The `OpenFailure` for an error that a connection or a stream of it met. */
export function transferFailure(url: string, error: unknown): OpenFailure {
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (statusCode !== undefined && statusCode >= 400) return new OpenFailure(url, statusReason(statusCode));
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  const cause = inner instanceof Error && inner.message === "" ? inner.cause : inner;
  const restartable = code === "UND_ERR_REQ_RETRY";
  return new OpenFailure(url, describe(code, messageOf(cause)), restartable);
}

function describe(code: string | undefined, message: string): string {
  switch (code) {
    case "ECONNREFUSED":
      return "connection refused";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host name cannot be resolved";
    case "UND_ERR_CONNECT_TIMEOUT":
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return "timed out";
    case "ECONNRESET":
    case "UND_ERR_SOCKET":
    case "UND_ERR_REQ_RETRY":
      return `the connection broke off (${message})`;
    default:
      return message;
  }
}

function statusReason(status: number): string {
  if (status === 401 || status === 403) return `access denied (HTTP status ${status})`;
  return status === 404 ? "not found (HTTP status 404)" : `HTTP status ${status}`;
}

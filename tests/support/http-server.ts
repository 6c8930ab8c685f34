/** A static file server on this machine, which can misbehave on request. */
import { readFileSync } from "node:fs";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer, type ServerOptions as HttpsOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { normalize } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readServedFile, type ServedFile, serveFile } from "./http-file.js";
import { type TlsIdentity, testTlsIdentity } from "./tls-identity.js";

export interface Fault {
  /** Answers with this status and no file. */
  readonly status?: number;
  /** Sends only so many bytes of the body, under the full length, and closes the connection. */
  readonly truncateTo?: number;
  /** Sends only so many bytes of the body, and then nothing, on a connection that stays open. */
  readonly stallAt?: number;
  /** Sends only so many bytes of the body at once, and then one every 100 ms. */
  readonly trickleAt?: number;
  /** Inverts the byte at this offset of the file. */
  readonly corruptAt?: number;
  /** Milliseconds before the answer begins. */
  readonly delay?: number;
  /** Resets the connection without an answer. */
  readonly reset?: boolean;
  /** Redirects there. */
  readonly redirectTo?: string;
  /** How often the fault happens; always if absent. */
  readonly times?: number;
}

export interface ServerOptions {
  /** Folders by URL path: `{ "/": folder }`. The longest that fits a request is taken. */
  readonly folders: Readonly<Record<string, string>>;
  readonly basicAuth?: { readonly user: string; readonly password: string };
  /** Serves over TLS with a certificate for `localhost` and `127.0.0.1` by a CA of its own. */
  readonly tls?: boolean;
  /** Over TLS, talks to clients only that have a certificate by its CA. */
  readonly clientCertificates?: boolean;
}

export interface LoggedRequest {
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** What was answered; 0 when the connection was reset. */
  readonly status: number;
}

export interface TestServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** In the order of arrival. */
  readonly requests: readonly LoggedRequest[];
  /** Null without TLS. */
  readonly tls: TlsIdentity | null;
  /** Makes requests for a path misbehave, or behave again with `null`. */
  setFault(path: string, fault: Fault | null): void;
  /** Ends all connections. Idempotent. */
  close(): Promise<void>;
}

/** Starts a server on a free port of 127.0.0.1. Close it with `await using`, or hand `close` to `t.after`. */
export async function startServer(options: ServerOptions): Promise<TestServer> {
  const requests: LoggedRequest[] = [];
  const faults = new Map<string, { fault: Fault; left: number }>();
  const identity: TlsIdentity | null = options.tls === true ? await testTlsIdentity() : null;

  const takeFault = (path: string): Fault => {
    const entry = faults.get(path);
    if (entry === undefined || entry.left <= 0) return {};
    entry.left -= 1;
    return entry.fault;
  };
  const listener: RequestListener = (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const log = (status: number): void => {
      requests.push({ method: request.method ?? "", path, headers: request.headers, status });
    };
    answer(options, path, takeFault(path), request, response).then(log, (error: unknown) => {
      response.destroy(error as Error);
      log(0);
    });
  };

  const server =
    identity === null ? createHttpServer(listener) : createHttpsServer(tlsOptions(identity, options), listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closing;
  };
  return {
    url: `${identity === null ? "http" : "https"}://127.0.0.1:${port}`,
    requests,
    tls: identity,
    setFault: (path, fault) => {
      if (fault === null) faults.delete(path);
      else faults.set(path, { fault, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function tlsOptions({ key, cert, caFile }: TlsIdentity, { clientCertificates = false }: ServerOptions): HttpsOptions {
  return { key, cert, ...(clientCertificates ? { ca: readFileSync(caFile), requestCert: true } : {}) };
}

/** Resolves to the status that was sent, 0 for none. */
async function answer(
  options: ServerOptions,
  path: string,
  fault: Fault,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  if (fault.delay !== undefined) await delay(fault.delay);
  if (fault.reset === true) {
    request.socket.resetAndDestroy();
    return 0;
  }
  if (options.basicAuth !== undefined) {
    const { user, password } = options.basicAuth;
    const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    if (request.headers.authorization !== expected)
      return end(response, 401, { "WWW-Authenticate": 'Basic realm="test"' });
  }
  if (fault.redirectTo !== undefined) return end(response, 302, { Location: fault.redirectTo });
  if (fault.status !== undefined) return end(response, fault.status);
  if (request.method !== "GET" && request.method !== "HEAD") return end(response, 405);
  const file = findFile(options.folders, path);
  if (file === null) return end(response, 404);
  const limit = fault.stallAt ?? fault.trickleAt ?? fault.truncateTo ?? null;
  const then = fault.stallAt !== undefined ? "stall" : fault.trickleAt !== undefined ? "trickle" : "cut";
  return serveFile(damaged(file, fault), { limit, then }, request, response);
}

function end(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): number {
  response.writeHead(status, headers).end();
  return status;
}

function findFile(folders: ServerOptions["folders"], path: string): ServedFile | null {
  const clean = normalize(path);
  const prefixes = Object.keys(folders).map((prefix) => prefix.replace(/\/+$/, ""));
  const prefix = prefixes
    .filter((candidate) => clean.startsWith(`${candidate}/`))
    .sort((a, b) => b.length - a.length)[0];
  if (prefix === undefined) return null;
  const folder = folders[prefix] ?? folders[`${prefix}/`];
  return folder === undefined ? null : readServedFile(`${folder}${clean.slice(prefix.length)}`);
}

function damaged(file: ServedFile, fault: Fault): ServedFile {
  if (fault.corruptAt === undefined || fault.corruptAt >= file.content.length) return file;
  const content = Buffer.from(file.content);
  content[fault.corruptAt] = ~(content[fault.corruptAt] as number) & 0xff;
  return { ...file, content };
}

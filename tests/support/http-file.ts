/** Answers a request with a file: ranges, validators, HEAD (RFC 9110, as far as clients of repositories use it). */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";

export interface ServedFile {
  readonly content: Buffer;
  readonly modified: Date;
}

/** The file at a path; null when there is none. */
export function readServedFile(path: string): ServedFile | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true ? { content: readFileSync(path), modified: stats.mtime } : null;
}

export interface Delivery {
  /** The most bytes of the body that are sent; null for all. */
  readonly limit: number | null;
  /** What comes after them: the connection is cut, stays open in silence, or brings a byte every 100 ms. */
  readonly then: "cut" | "stall" | "trickle";
}

/** Sends the file. Returns the status. */
export function serveFile(
  file: ServedFile,
  { limit, then }: Delivery,
  request: IncomingMessage,
  response: ServerResponse,
): number {
  const etag = `"${createHash("sha256").update(file.content).digest("hex").slice(0, 32)}"`;
  const headers: Record<string, string | number> = {
    "Accept-Ranges": "bytes",
    "Content-Type": "application/octet-stream",
    ETag: etag,
    "Last-Modified": file.modified.toUTCString(),
  };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return 304;
  }
  const size = file.content.length;
  const condition = request.headers["if-range"];
  const range = condition === undefined || condition === etag ? parseRange(request.headers.range, size) : null;
  if (range === "unsatisfiable") {
    response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
    return 416;
  }
  const body = range === null ? file.content : file.content.subarray(range.start, range.end + 1);
  if (range !== null) headers["Content-Range"] = `bytes ${range.start}-${range.end}/${size}`;
  headers["Content-Length"] = body.length;
  const status = range === null ? 200 : 206;
  response.writeHead(status, headers);
  if (request.method === "HEAD") response.end();
  else if (limit === null || limit >= body.length) response.end(body);
  else {
    response.flushHeaders();
    response.write(body.subarray(0, limit), () => {
      if (then === "cut") response.destroy();
      else if (then === "trickle") trickle(body.subarray(limit), response);
    });
  }
  return status;
}

function trickle(bytes: Buffer, response: ServerResponse): void {
  let sent = 0;
  const timer = setInterval(() => response.write(bytes.subarray(sent, ++sent)), 100);
  response.on("close", () => clearInterval(timer));
}

/** One range of bytes; null for none, or for what may be ignored. `end` is inclusive. */
export function parseRange(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | "unsatisfiable" | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return null;
  const [, first = "", last = ""] = match;
  if (first === "") {
    const suffix = Number(last);
    return suffix === 0 || size === 0 ? "unsatisfiable" : { start: Math.max(0, size - suffix), end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return null;
  return start >= size ? "unsatisfiable" : { start, end };
}

/** A small registry that lists by itself what is attached to an image, which Debian's does not. Without any security. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { TestContext } from "node:test";
import { listen } from "./loopback.js";

interface Stored {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

const answered = (status: number, headers: Answer["headers"] = {}, body: Answer["body"] = ""): Answer => ({
  status,
  headers,
  body,
});

const INDEX = "application/vnd.oci.image.index.v1+json";

const digestOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** OCI distribution specification 1.1, as far as pushing and discovering need it; of one repository. */
export class ListingRegistry {
  /** By digest, or by tag. */
  readonly manifests = new Map<string, Stored>();
  readonly #blobs = new Map<string, Buffer>();
  readonly #uploads = new Map<string, Buffer>();
  #origin = "";

  static async start(t: TestContext): Promise<ListingRegistry> {
    const registry = new ListingRegistry();
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { status, headers, body } = registry.#answer(request, Buffer.concat(chunks));
      response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : body);
    });
    registry.#origin = await listen(t, server);
    return registry;
  }

  get host(): string {
    return new URL(this.#origin).host;
  }

  get tags(): readonly string[] {
    return [...this.manifests.keys()].filter((reference) => !reference.startsWith("sha256:"));
  }

  #answer(request: IncomingMessage, body: Buffer): Answer {
    const { pathname, searchParams } = new URL(request.url ?? "", this.#origin);
    const [, kind = "", rest = ""] = /\/(manifests|referrers|blobs)\/(.*)$/.exec(pathname) ?? [];
    if (pathname === "/v2/") return answered(200);
    if (kind === "referrers") return answered(200, { "content-type": INDEX }, this.#referrers(rest, searchParams));
    if (kind === "manifests" && request.method === "PUT") return this.#putManifest(rest, body, request);
    if (kind === "manifests") {
      const stored = this.manifests.get(rest);
      return stored === undefined ? answered(404) : answered(200, { "content-type": stored.mediaType }, stored.bytes);
    }
    if (rest.startsWith("uploads/")) return this.#upload(request.method ?? "", pathname, searchParams, body);
    const blob = this.#blobs.get(rest);
    return blob === undefined ? answered(404) : answered(200, { "content-length": String(blob.length) }, blob);
  }

  #upload(method: string, path: string, parameters: URLSearchParams, body: Buffer): Answer {
    if (method === "POST") {
      const location = `${path}${this.#uploads.size}`;
      this.#uploads.set(location, Buffer.alloc(0));
      return answered(202, { location });
    }
    const bytes = Buffer.concat([this.#uploads.get(path) ?? Buffer.alloc(0), body]);
    this.#uploads.set(path, bytes);
    if (method === "PATCH") return answered(202, { location: path, range: `0-${Math.max(0, bytes.length - 1)}` });
    if (digestOf(bytes) !== parameters.get("digest")) return answered(400);
    this.#blobs.set(digestOf(bytes), bytes);
    return answered(201, { location: path });
  }

  #putManifest(reference: string, bytes: Buffer, { headers }: IncomingMessage): Answer {
    const { subject } = JSON.parse(bytes.toString());
    const digest = digestOf(bytes);
    for (const key of [digest, reference]) this.manifests.set(key, { bytes, mediaType: headers["content-type"] ?? "" });
    return answered(201, {
      "docker-content-digest": digest,
      ...(subject === undefined ? {} : { "oci-subject": subject.digest }),
    });
  }

  #referrers(subject: string, parameters: URLSearchParams): string {
    const wanted = parameters.get("artifactType");
    const manifests = [...this.manifests].flatMap(([digest, { bytes, mediaType }]) => {
      const { subject: about, artifactType, annotations } = JSON.parse(bytes.toString());
      if (!digest.startsWith("sha256:") || about?.digest !== subject) return [];
      if (wanted !== null && wanted !== artifactType) return [];
      return [{ mediaType, digest, size: bytes.length, artifactType, ...(annotations && { annotations }) }];
    });
    return JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });
  }
}

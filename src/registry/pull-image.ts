/** Pulls an image: its documents, and then its blobs (OCI distribution specification, "Pull"). */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { messageOf, RpmociError } from "../errors.js";
import type { Checksum } from "../model/checksum.js";
import { type Descriptor, MEDIA_TYPE } from "../model/descriptor.js";
import type { HttpAnswer } from "./http-client.js";
import type { RegistryClient } from "./registry-client.js";

/** Image manifests and indexes, of the image specification and of Docker. */
const ACCEPT = [
  MEDIA_TYPE.index,
  MEDIA_TYPE.manifest,
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

export interface PulledDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/**
 * The image manifest or index of a tag or a digest. Throws an `RpmociError` of kind `fetch`, or of kind `verify` for bytes of
 * another digest.
 */
export async function pullManifest(client: RegistryClient, reference: string): Promise<PulledDocument> {
  const what = `the manifest ${reference}`;
  const answer = await client.request("GET", client.url(`manifests/${reference}`), {
    what,
    headers: { accept: ACCEPT },
  });
  if (answer.status !== 200) throw client.faults.of(answer, what);
  const digest = `sha256:${createHash("sha256").update(answer.body).digest("hex")}` as const;
  const [told = digest] = answer.lines("docker-content-digest");
  const wanted = reference.startsWith("sha256:") ? reference : told;
  if (wanted !== digest) throw wrongBytes(client, what, digest);
  const mediaType = (answer.lines("content-type")[0] ?? "").split(";")[0]?.trim() ?? "";
  return { descriptor: { mediaType, digest, size: answer.body.length }, bytes: answer.body };
}

/**
 * Writes a blob to a new file. What breaks off goes on where it was, as often as that may help. Throws as `pullManifest`; the
 * file is of no use then.
 */
export async function pullBlob(
  client: RegistryClient,
  { digest, size }: Descriptor,
  path: string,
): Promise<{ readonly checksum: string; readonly size: number }> {
  const what = `the blob ${digest}`;
  const file = await open(path, "wx");
  const download = new Download(file, checksumOf(digest).algorithm, (actual) => {
    if (actual > size) throw wrongBytes(client, what, `more than ${size} bytes`);
  });
  try {
    await client.retrying(async () => {
      const answer = await client.send("GET", client.url(`blobs/${digest}`), {
        what,
        headers: download.received === 0 ? {} : { range: `bytes=${download.received}-` },
        receive: (head, body) => download.take(head, body),
      });
      // Nothing was left to be sent, or the registry has no ranges.
      if (answer.status === 416 && download.received !== size) await download.restart();
      else if (answer.status !== 200 && answer.status !== 206 && answer.status !== 416) {
        throw client.faults.passingOr(answer, what);
      }
    });
    const checksum = download.digest();
    if (download.received !== size || checksum !== checksumOf(digest).value) {
      throw wrongBytes(client, what, `${download.received} bytes of ${checksum}`);
    }
    return { checksum, size };
  } finally {
    await file.close();
  }
}

/** A digest as the store knows it. */
export function checksumOf(digest: string): Checksum {
  const [algorithm = "", value = ""] = digest.split(":");
  return { algorithm: algorithm === "sha512" ? "sha512" : "sha256", value };
}

class Download {
  received = 0;
  #hash;

  constructor(
    private readonly file: FileHandle,
    private readonly algorithm: Checksum["algorithm"],
    private readonly check: (received: number) => void,
  ) {
    this.#hash = createHash(algorithm);
  }

  async take(head: Pick<HttpAnswer, "status" | "lines">, body: Readable): Promise<void> {
    const isRest = head.status === 206 && head.lines("content-range")[0]?.startsWith(`bytes ${this.received}-`);
    if (!isRest) await this.restart();
    for await (const chunk of body as AsyncIterable<Buffer>) {
      this.check(this.received + chunk.length);
      await this.#write(chunk);
      this.#hash.update(chunk);
      this.received += chunk.length;
    }
  }

  async restart(): Promise<void> {
    this.received = 0;
    this.#hash = createHash(this.algorithm);
    await this.file.truncate(0);
  }

  digest(): string {
    return this.#hash.digest("hex");
  }

  async #write(chunk: Buffer): Promise<void> {
    try {
      for (let written = 0; written < chunk.length; ) {
        const { bytesWritten } = await this.file.write(chunk, written, chunk.length - written, this.received + written);
        written += bytesWritten;
      }
    } catch (error) {
      throw new RpmociError(`Failed to write a download to the cache: ${messageOf(error)}`, {
        kind: "environment",
        code: "CACHE_UNWRITABLE",
        hint: "name another directory with --cache-dir",
        cause: error,
      });
    }
  }
}

function wrongBytes({ faults }: RegistryClient, what: string, actual: string): RpmociError {
  return new RpmociError(`${what} from ${faults.target} has other bytes than it should: ${actual}`, {
    kind: "verify",
    code: "IMAGE_DAMAGED",
    hint: "the registry, or a proxy before it, has damaged the image: push it there again",
  });
}

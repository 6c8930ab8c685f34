/** Uploads a blob (OCI distribution specification, "Pushing blobs"), and goes on where an earlier upload broke off. */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { Emit } from "../events.js";
import type { Digest } from "../model/descriptor.js";
import type { ImageBlob } from "../model/layout-image.js";
import { PASSING_STATUSES, PassingFailure } from "./faults.js";
import type { HttpAnswer } from "./http-client.js";
import type { PushRecords } from "./push-records.js";
import type { RegistryClient } from "./registry-client.js";

/**
 * Bytes of a chunk for registries that do not take a whole blob at once; no registry is known that takes fewer. Others get
 * all in one request, since some know no chunks.
 */
const CHUNK = 4 << 20;

/** Bytes that are read at once. */
const BLOCK = 256 << 10;

/** How often an upload is begun anew because the registry no longer knows, or wants, what it was sent. */
const MOST_RESTARTS = 2;

interface Session {
  location: URL;
  /** Bytes that the registry has. */
  offset: number;
  /** The least that the registry takes in a chunk but the last. */
  readonly smallest: number;
}

/** The registry does not take it; perhaps it does from the start. */
class UploadRefused extends Error {
  constructor(readonly answer: HttpAnswer) {
    super(`HTTP status ${answer.status}`);
  }
}

/** Hears of bytes that were sent, and of those that were sent in vain, which are negative. */
export type CountBytes = (bytes: number) => void;

export class BlobUpload {
  readonly #what: string;
  #saved: URL | null | undefined;
  #chunk = Number.POSITIVE_INFINITY;
  #restarts = 0;
  #counted = 0;

  constructor(
    private readonly client: RegistryClient,
    private readonly records: PushRecords,
    private readonly blob: ImageBlob,
    private readonly count: CountBytes,
    private readonly emit: Emit,
  ) {
    this.#what = `the blob ${blob.descriptor.digest}`;
  }

  /** Idempotent. Throws an `RpmociError`, and the signal's reason. */
  async run(): Promise<void> {
    const { repository } = this.client;
    const { digest, size } = this.#descriptor;
    if (!(await this.#isPresent())) await this.client.retrying((number) => this.#attempt(number));
    this.#count(size - this.#counted);
    await this.records.writeRepository(repository, digest);
    await this.records.removeUpload(repository, digest);
  }

  get #descriptor(): { readonly digest: Digest; readonly size: number } {
    return this.blob.descriptor;
  }

  async #isPresent(): Promise<boolean> {
    const { digest } = this.#descriptor;
    const answer = await this.client.request("HEAD", this.client.url(`blobs/${digest}`), { what: this.#what });
    if (answer.status === 200) return true;
    if (answer.status === 404) return false;
    throw this.client.faults.of(answer, this.#what);
  }

  async #attempt(number: number): Promise<void> {
    // The answer to an upload that succeeded may have been lost.
    if (number > 1 && (await this.#isPresent())) return;
    const session = (await this.#resumed()) ?? (await this.#begun());
    if (session === null) return;
    const isResumed = session.offset > 0;
    try {
      await this.#keep(session.location);
      await this.#send(session);
    } catch (error) {
      this.#count(-this.#counted);
      if (!(error instanceof UploadRefused)) throw error;
      const fault = this.client.faults.of(error.answer, this.#what);
      const isTooLarge = error.answer.status === 413 && this.#chunk > CHUNK;
      if (isTooLarge) this.#chunk = CHUNK;
      await this.#forget();
      this.#restarts += 1;
      const mayStart = isTooLarge || isResumed || error.answer.status === 404;
      throw mayStart && this.#restarts <= MOST_RESTARTS ? new PassingFailure(fault) : fault;
    }
  }

  /** Addresses may say how much there is, so that the last one is of use only. */
  async #keep(location: URL): Promise<void> {
    this.#saved = location;
    await this.records.writeUpload(this.client.repository, this.#descriptor.digest, location);
  }

  async #forget(): Promise<void> {
    this.#saved = null;
    await this.records.removeUpload(this.client.repository, this.#descriptor.digest);
  }

  /** What the registry still has of an upload that broke off, in this process or an earlier one. */
  async #resumed(): Promise<Session | null> {
    const { repository } = this.client;
    const { digest, size } = this.#descriptor;
    const location = this.#saved === undefined ? await this.records.upload(repository, digest) : this.#saved;
    if (location === null) return null;
    const answer = await this.client.send("GET", location, { what: this.#what });
    if (PASSING_STATUSES.has(answer.status)) throw this.client.faults.passing(answer, this.#what);
    const last = /^(?:bytes=)?0-(\d+)$/.exec(answer.lines("range")[0] ?? "")?.[1];
    // "0-0" is what registries say of nothing, and of one byte.
    const offset = last === undefined || last === "0" ? 0 : Number(last) + 1;
    if (answer.status >= 300 || offset === 0 || offset > size) {
      await this.#forget();
      return null;
    }
    this.emit({ type: "debug", message: `${this.#what} goes on at byte ${offset} of ${size}` });
    this.#count(offset);
    const next = answer.lines("location").length === 0 ? location : this.client.location(answer, this.#what);
    return { location: next, offset, smallest: 0 };
  }

  /** Null when the registry took the blob from another repository. */
  async #begun(): Promise<Session | null> {
    const { repository } = this.client;
    const { digest } = this.#descriptor;
    const url = this.client.url("blobs/uploads/");
    const from = await this.records.repositoryWith(repository.registry, digest);
    if (from !== null && from !== repository.name) {
      const mount = new URL(url);
      mount.searchParams.set("mount", digest);
      mount.searchParams.set("from", from);
      // Whoever may not read there uploads; that is not worth an error.
      const answer = await this.client.send("POST", mount, { what: this.#what, from, body: EMPTY }).catch((error) => {
        if (error instanceof PassingFailure) throw error;
        return null;
      });
      if (answer?.status === 201) {
        this.emit({ type: "debug", message: `${this.#what} is taken from the repository ${from}` });
        return null;
      }
      if (answer?.status === 202) return this.#session(answer);
    }
    const answer = await this.client.send("POST", url, { what: this.#what, body: EMPTY });
    if (PASSING_STATUSES.has(answer.status)) throw this.client.faults.passing(answer, this.#what);
    if (answer.status !== 202) throw this.client.faults.of(answer, this.#what);
    return this.#session(answer);
  }

  #session(answer: HttpAnswer): Session {
    const smallest = Number(answer.lines("oci-chunk-min-length")[0] ?? 0) || 0;
    return { location: this.client.location(answer, this.#what), offset: 0, smallest };
  }

  async #send(session: Session): Promise<void> {
    const { digest, size } = this.#descriptor;
    while (session.offset < size) {
      const end = Math.min(size, session.offset + Math.max(this.#chunk, session.smallest));
      const answer = await this.#sendChunk(session, end);
      session.location = this.client.location(answer, this.#what);
      session.offset = end;
      await this.#keep(session.location);
    }
    const url = new URL(session.location);
    url.searchParams.set("digest", digest);
    const answer = await this.client.send("PUT", url, { what: this.#what, body: EMPTY });
    checked(answer, this.client, this.#what);
  }

  /** Answers are not asked for how much arrived: not every registry tells. */
  async #sendChunk({ location, offset }: Session, end: number): Promise<HttpAnswer> {
    const { size } = this.#descriptor;
    const counted = this.#counted;
    const open = (): Readable => {
      this.#count(counted - this.#counted);
      const { path, start } = this.blob;
      const file = createReadStream(path, { start: start + offset, end: start + end - 1, highWaterMark: BLOCK });
      return Readable.from(this.#countedBytes(file), { objectMode: false, highWaterMark: BLOCK });
    };
    // Some registries take a range for a chunk, and limit these to a few megabytes.
    const isWhole = offset === 0 && end === size;
    const range = isWhole ? {} : { "content-range": `${offset}-${end - 1}` };
    const answer = await this.client.send("PATCH", location, {
      what: this.#what,
      headers: { "content-type": "application/octet-stream", ...range },
      body: { size: end - offset, open },
    });
    return checked(answer, this.client, this.#what);
  }

  async *#countedBytes(file: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of file) {
      this.#count(chunk.length);
      yield chunk;
    }
  }

  #count(bytes: number): void {
    this.#counted += bytes;
    this.count(bytes);
  }
}

/** Throws a `PassingFailure` and `UploadRefused`. */
function checked(answer: HttpAnswer, client: RegistryClient, what: string): HttpAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  if (PASSING_STATUSES.has(answer.status)) throw client.faults.passing(answer, what);
  throw new UploadRefused(answer);
}

const EMPTY = Buffer.alloc(0);

/** Layers of earlier builds, shared by all builds of a user. */
import { constants } from "node:fs";
import { copyFile, link, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { makeDirectory } from "../directories.js";
import type { Digest, Layer } from "../model/descriptor.js";
import { processMark } from "../processes.js";

/** Milliseconds. */
const LONGEST_UNUSED = 7 * 24 * 60 * 60 * 1000;

const digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/));

const recordSchema = v.object({
  diffId: digest,
  descriptor: v.object({
    mediaType: v.string(),
    digest,
    size: v.pipe(v.number(), v.integer(), v.minValue(0)),
  }),
});

export interface CachedLayer {
  /** Paths. The record's modification time is that of the last use: the blob may be a layout's, too. */
  readonly record: string;
  readonly blob: string;
  /** What the blob must be; null when the record cannot be read. */
  readonly digest: Digest | null;
}

/**
 * A directory with two files a layer: the blob, and what images say of it. A blob shares its disk space with the layout
 * that it was written for; where the file system cannot do that, it is not kept. Damage is found by whoever takes a blob
 * out, so that nothing here needs to be synced or locked.
 */
export class LayerCache {
  constructor(readonly directory: string) {}

  /** Null for what is not there, or cannot be read. */
  async find(key: string): Promise<Layer | null> {
    try {
      const { diffId, descriptor } = await this.#read(key);
      const now = new Date();
      await utimes(this.#record(key), now, now);
      return {
        path: this.#blob(key),
        diffId: diffId as Digest,
        descriptor: { ...descriptor, digest: descriptor.digest as Digest },
      };
    } catch {
      return null;
    }
  }

  /** All that is kept, be it whole or not. */
  async list(): Promise<readonly CachedLayer[]> {
    const names = await readdir(this.directory).catch(() => []);
    const keys = names.flatMap((name) => (name.endsWith(".json") ? [name.slice(0, -".json".length)] : []));
    return Promise.all(
      keys.map(async (key): Promise<CachedLayer> => {
        const record = await this.#read(key).catch(() => null);
        return {
          record: this.#record(key),
          blob: this.#blob(key),
          digest: (record?.descriptor.digest as Digest) ?? null,
        };
      }),
    );
  }

  /** Takes in a layer that was written to a file. Without effect where that takes a copy, or fails. */
  async add(key: string, { path, diffId, descriptor }: Layer): Promise<void> {
    if (path === undefined) return;
    const mark = `.${processMark()}.part`;
    const [blob, record] = [this.#blob(key), this.#record(key)];
    try {
      await makeDirectory(this.directory);
      await shareFile(path, `${blob}${mark}`);
      await writeFile(`${record}${mark}`, JSON.stringify({ diffId, descriptor }));
      // The record first: a blob without one counts as forgotten.
      await rename(`${record}${mark}`, record);
      await rename(`${blob}${mark}`, blob);
    } catch {
      await Promise.all([blob, record].map((name) => rm(`${name}${mark}`, { force: true })));
    }
  }

  /** Removes what was not used for a week; `now` in milliseconds. What cannot be removed stays. */
  async prune(now: number): Promise<void> {
    for (const name of await readdir(this.directory).catch(() => [])) {
      const path = join(this.directory, name);
      const key = name.endsWith(".blob") ? name.slice(0, -".blob".length) : null;
      // A blob's own time is that of the layout's.
      const status = await stat(key === null ? path : this.#record(key)).catch(() => null);
      if (status === null || now - status.mtimeMs > LONGEST_UNUSED) await rm(path, { force: true }).catch(() => {});
    }
  }

  async #read(key: string): Promise<v.InferOutput<typeof recordSchema>> {
    return v.parse(recordSchema, JSON.parse(await readFile(this.#record(key), "utf8")));
  }

  #blob(key: string): string {
    return join(this.directory, `${key}.blob`);
  }

  #record(key: string): string {
    return join(this.directory, `${key}.json`);
  }
}

/** Makes `to` a file with the bytes of `from` that takes no space of its own. */
async function shareFile(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  try {
    await link(from, to);
  } catch {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
  }
}

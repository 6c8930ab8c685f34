/** What earlier pushes know: which repository has a blob, and where an upload that broke off can go on. */
import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import pMap from "p-map";
import { makeDirectory } from "../directories.js";
import type { Digest } from "../model/descriptor.js";
import type { Repository } from "../model/destination.js";
import { isAbandoned, processMark, replaceFile } from "../processes.js";

/** Milliseconds. */
const LONGEST_KEPT = 30 * 24 * 60 * 60 * 1000;

/** Files that are looked at at a time. */
const CONCURRENT = 8;

/** A directory of small files, in the cache. Without effect where it cannot be written. */
export class PushRecords {
  constructor(readonly directory: string) {}

  /** The last repository of the registry that got the blob, from which another one may take it. */
  async repositoryWith(registry: string, digest: Digest): Promise<string | null> {
    const text = await readFile(this.#path("blob", registry, digest), "utf8").catch(() => "");
    return text === "" ? null : text;
  }

  async writeRepository({ registry, name }: Repository, digest: Digest): Promise<void> {
    await this.#write(this.#path("blob", registry, digest), name);
  }

  /** Where the upload of a process that ended can go on. */
  async upload({ registry, name }: Repository, digest: Digest): Promise<URL | null> {
    const text = await readFile(this.#path("upload", `${registry}/${name}`, digest), "utf8").catch(() => "");
    const [mark = "", location = ""] = text.split(" ");
    return isAbandoned(mark) && URL.canParse(location) ? new URL(location) : null;
  }

  async writeUpload({ registry, name }: Repository, digest: Digest, location: URL): Promise<void> {
    await this.#write(this.#path("upload", `${registry}/${name}`, digest), `${processMark()} ${location.href}`);
  }

  async removeUpload({ registry, name }: Repository, digest: Digest): Promise<void> {
    await rm(this.#path("upload", `${registry}/${name}`, digest), { force: true }).catch(() => {});
  }

  /** Removes what no push has used for a month. */
  async prune(now: number): Promise<void> {
    const paths = (await readdir(this.directory).catch(() => [])).map((name) => join(this.directory, name));
    const remove = async (path: string): Promise<void> => {
      if (now - (await stat(path)).mtimeMs > LONGEST_KEPT) await rm(path, { force: true });
    };
    await pMap(paths, (path) => remove(path).catch(() => {}), { concurrency: CONCURRENT });
  }

  #path(kind: "blob" | "upload", place: string, digest: Digest): string {
    const key = createHash("sha256").update(`${place} ${digest}`).digest("hex");
    return join(this.directory, `${kind}-${key}`);
  }

  async #write(path: string, text: string): Promise<void> {
    try {
      await makeDirectory(this.directory);
      // A location may let whoever knows it write.
      await replaceFile(path, text, { mode: 0o600 });
    } catch {
      // The next push asks the registry.
    }
  }
}

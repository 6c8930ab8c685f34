/** What earlier pushes know: which repository has a blob, and where an upload that broke off can go on. */
import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../directories.js";
import type { Digest } from "../model/descriptor.js";
import type { Repository } from "../model/destination.js";
import { isAbandoned, processMark } from "../processes.js";

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

  #path(kind: "blob" | "upload", place: string, digest: Digest): string {
    const key = createHash("sha256").update(`${place} ${digest}`).digest("hex");
    return join(this.directory, `${kind}-${key}`);
  }

  async #write(path: string, text: string): Promise<void> {
    const partial = `${path}.${processMark()}.part`;
    try {
      await makeDirectory(this.directory);
      // A location may let whoever knows it write.
      await writeFile(partial, text, { mode: 0o600 });
      await rename(partial, path);
    } catch {
      await rm(partial, { force: true }).catch(() => {});
    }
  }
}

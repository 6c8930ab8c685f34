/** The digests that bills of materials have of a file. */
import { createHash } from "node:crypto";

/** Lower-case hexadecimal digits. */
export interface FileDigests {
  readonly sha1: string;
  readonly sha256: string;
}

export class FileDigester {
  readonly #sha1 = createHash("sha1");
  readonly #sha256 = createHash("sha256");

  update(bytes: Buffer): void {
    this.#sha1.update(bytes);
    this.#sha256.update(bytes);
  }

  /** Once. */
  digests(): FileDigests {
    return { sha1: this.#sha1.digest("hex"), sha256: this.#sha256.digest("hex") };
  }
}

/** Writes files into a directory in two steps, so that nothing is half-written and a later failure replaces nothing. */
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeDirectory } from "../directories.js";
import { messageOf, RpmociError } from "../errors.js";
import { processMark, removeAbandoned } from "../processes.js";

export interface NamedDocument {
  readonly name: string;
  readonly bytes: Buffer;
}

export class PendingDocuments {
  private constructor(
    readonly directory: string,
    readonly names: readonly string[],
  ) {}

  /** Makes the directory, clears what killed processes left there, and writes beside what is there. Throws an `RpmociError` of kind `output`. */
  static async prepare(path: string, documents: readonly NamedDocument[]): Promise<PendingDocuments> {
    const directory = resolve(path);
    const pending = new PendingDocuments(
      directory,
      documents.map(({ name }) => name),
    );
    try {
      await makeDirectory(directory);
      for (const name of pending.names) await removeAbandoned(directory, `.${name}.`);
      for (const { name, bytes } of documents) {
        // Found out now rather than by the rename, when the image is in its layout already.
        const present = await stat(join(directory, name)).catch(() => null);
        if (present?.isDirectory() === true) throw new Error(`${name} is a directory`);
        await writeFile(pending.#staged(name), bytes);
      }
      return pending;
    } catch (error) {
      await pending.discard();
      throw unwritable(directory, error);
    }
  }

  /** Each file is replaced atomically. Throws an `RpmociError` of kind `output`. */
  async commit(): Promise<void> {
    try {
      for (const name of this.names) await rename(this.#staged(name), join(this.directory, name));
    } catch (error) {
      throw unwritable(this.directory, error);
    }
  }

  /** Idempotent; without effect after `commit`. */
  async discard(): Promise<void> {
    for (const name of this.names) await rm(this.#staged(name), { force: true }).catch(() => {});
  }

  #staged(name: string): string {
    return join(this.directory, `.${name}.${processMark()}.part`);
  }
}

function unwritable(directory: string, error: unknown): RpmociError {
  return new RpmociError(`Failed to write into ${directory}: ${messageOf(error)}`, {
    kind: "output",
    code: "DOCUMENTS_UNWRITABLE",
    cause: error,
  });
}

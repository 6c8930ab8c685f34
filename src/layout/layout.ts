/** Writes images into an OCI image layout (OCI image specification, "Image Layout"). */
import { randomBytes } from "node:crypto";
import { access, mkdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makeDirectory } from "../directories.js";
import { messageOf, RpmociError } from "../errors.js";
import type { Descriptor } from "../model/descriptor.js";
import { processMark, removeAbandoned } from "../processes.js";
import { inspectLayout, LAYOUT_FILE, LAYOUT_TEXT, readIndex, withTag } from "./index-file.js";

/** What a layout takes: blobs in memory, and a layer in a file that is moved in. */
export interface NewImage {
  readonly config: { readonly descriptor: Descriptor; readonly bytes: Buffer };
  readonly manifest: { readonly descriptor: Descriptor; readonly bytes: Buffer };
  readonly layers: readonly { readonly path: string | undefined; readonly descriptor: Descriptor }[];
  readonly platform: NonNullable<Descriptor["platform"]>;
}

const STAGING_PREFIX = ".rpmoci-";

/** Throws an `RpmociError` of kind `usage` for a tag that is no reference name of the OCI image specification. */
export function checkTag(tag: string): void {
  const component = "[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*";
  if (new RegExp(`^${component}(?:/${component})*$`).test(tag)) return;
  throw new RpmociError(`"${tag}" is not a valid tag`, {
    kind: "usage",
    code: "TAG_INVALID",
    hint: "a tag is made of letters and digits, joined by single characters out of - . _ : @ + /",
  });
}

/**
 * A folder inside the layout where blobs are written before they get their names, on the same file system. Nothing of
 * the layout changes until `commit`; `discard` leaves it as it was before, also when it did not exist.
 */
export class LayoutTransaction {
  /** The outermost directory that `begin` made; undefined when the layout's was there. */
  readonly #created: string | undefined;

  private constructor(
    readonly directory: string,
    readonly staging: string,
    created: string | undefined,
  ) {
    this.#created = created;
  }

  /**
   * Creates the layout's directory when it is missing, and clears what killed processes left in it. Throws an
   * `RpmociError` of kind `output`; nothing has been created then.
   */
  static async begin(path: string): Promise<LayoutTransaction> {
    const directory = resolve(path);
    await inspectLayout(directory);
    let created: string | undefined;
    try {
      created = await makeDirectory(directory);
      await removeAbandoned(directory, STAGING_PREFIX);
      const staging = join(directory, `${STAGING_PREFIX}${processMark()}-${randomBytes(6).toString("hex")}`);
      await mkdir(staging);
      return new LayoutTransaction(directory, staging, created);
    } catch (error) {
      await removeEmpty(directory, created);
      throw unwritable(directory, error);
    }
  }

  /**
   * Moves the blobs in, then replaces `index.json` atomically; `tag` names the image from then on, and no other.
   * Processes that commit at once wait for each other. Files are not synced to disk: a crash of the machine, unlike a
   * crash of the process, may leave blobs that do not match their names.
   */
  async commit(image: NewImage, tag: string): Promise<void> {
    try {
      const blobs = join(this.directory, "blobs", "sha256");
      await makeDirectory(blobs);
      for (const { path, descriptor } of image.layers) {
        if (path !== undefined) await moveIn(path, blobPath(blobs, descriptor));
      }
      for (const blob of [image.config, image.manifest]) {
        const staged = join(this.staging, "blob");
        await writeFile(staged, blob.bytes);
        await moveIn(staged, blobPath(blobs, blob.descriptor));
      }
      const { default: lockfile } = await import("proper-lockfile");
      const release = await lockfile.lock(this.directory, {
        lockfilePath: join(this.directory, ".rpmoci.lock"),
        retries: { retries: 400, minTimeout: 25, maxTimeout: 100 },
        stale: 10_000,
        // The default throws out of a timer, which ends the process; `release` rejects in any case.
        onCompromised: () => {},
      });
      try {
        const index = withTag(
          await readIndex(this.directory),
          { ...image.manifest.descriptor, platform: image.platform },
          tag,
        );
        await this.#replace("index.json", JSON.stringify(index));
        await this.#replace(LAYOUT_FILE, LAYOUT_TEXT);
      } finally {
        await release();
      }
      await rm(this.staging, { recursive: true, force: true });
    } catch (error) {
      throw error instanceof RpmociError ? error : unwritable(this.directory, error);
    }
  }

  /** Removes what was staged; idempotent, and without effect on the layout after `commit`. */
  async discard(): Promise<void> {
    await rm(this.staging, { recursive: true, force: true });
    await removeEmpty(this.directory, this.#created);
  }

  async #replace(name: string, text: string): Promise<void> {
    const staged = join(this.staging, name);
    await writeFile(staged, text);
    await rename(staged, join(this.directory, name));
  }
}

/** Removes `directory` and those above it up to `outermost`, as long as they are empty; nothing when that is undefined. */
async function removeEmpty(directory: string, outermost: string | undefined): Promise<void> {
  if (outermost === undefined) return;
  for (let path = directory; path.startsWith(outermost); path = dirname(path)) {
    // What somebody else has put in meanwhile stays, and so does what is above it.
    const removed = await rmdir(path).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

function blobPath(blobs: string, { digest }: Descriptor): string {
  return join(blobs, digest.slice("sha256:".length));
}

/** A blob that is there already has the same bytes. */
async function moveIn(staged: string, path: string): Promise<void> {
  const present = await access(path).then(
    () => true,
    () => false,
  );
  if (!present) await rename(staged, path);
}

function unwritable(directory: string, error: unknown): RpmociError {
  const full = (error as NodeJS.ErrnoException).code === "ENOSPC";
  return new RpmociError(
    full ? `The disk of ${directory} is full` : `Failed to write the layout ${directory}: ${messageOf(error)}`,
    { kind: "output", code: full ? "DISK_FULL" : "LAYOUT_UNWRITABLE", cause: error },
  );
}

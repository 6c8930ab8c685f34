/** Writes images into an OCI image layout (OCI image specification, "Image Layout"). */
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { constants, copyFile, link, mkdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makeDirectory } from "../directories.js";
import { messageOf, RpmociError } from "../errors.js";
import type { Artifact, Blob, Descriptor, ImageIndex, Layer } from "../model/descriptor.js";
import type { ImageBlob } from "../model/layout-image.js";
import { processMark, removeAbandoned } from "../processes.js";
import { blobFile } from "./blob-file.js";
import { INDEX_FILE, inspectLayout, LAYOUT_FILE, LAYOUT_TEXT, readIndex, withTag } from "./index-file.js";
import { withLayoutLock } from "./layout-lock.js";
import { withArtifacts } from "./referrers.js";
import { syncDirectory, syncFile } from "./sync.js";

/** What a layout takes: blobs in memory, and a layer in a file that is moved in. */
export interface NewImage {
  readonly config: Blob;
  readonly manifest: Blob;
  readonly layers: readonly { readonly path: string | undefined; readonly descriptor: Descriptor }[];
  readonly platform: NonNullable<Descriptor["platform"]>;
}

/** What a tag names: one image, or an index of several. */
export interface NewTagged {
  readonly images: readonly NewImage[];
  /** Null where there is one image only. */
  readonly index: Blob | null;
}

/** In memory, in a file that is moved in, or in the layout already. */
export type NewBlob =
  | { readonly descriptor: Descriptor; readonly bytes: Buffer }
  | { readonly descriptor: Descriptor; readonly path: string | undefined };

interface StagedBlob {
  readonly descriptor: Descriptor;
  readonly path: string | undefined;
  readonly isDocument: boolean;
}

/** Of folders that a process writes to before it commits. */
export const STAGING_PREFIX = ".rpmoci-";

/** To make a layout's directory; there are places where it is never there. */
const MOST_ATTEMPTS = 10;

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
    for (let attempts = 1; ; attempts += 1) {
      let created: string | undefined;
      try {
        created = await makeDirectory(directory);
        await removeAbandoned(directory, STAGING_PREFIX);
        const staging = join(directory, `${STAGING_PREFIX}${processMark()}-${randomBytes(6).toString("hex")}`);
        await mkdir(staging);
        return new LayoutTransaction(directory, staging, created);
      } catch (error) {
        await removeEmpty(directory, created);
        // Somebody else may just have discarded the layout that he had made.
        const isGone = ["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "");
        if (!isGone || attempts === MOST_ATTEMPTS) throw unwritable(directory, error);
      }
    }
  }

  /**
   * Keeps a layer that the layout has until `commit`, although others may collect it as garbage meanwhile: by a link
   * called `name` in the staging folder, or not at all where there are no links. Null when it is gone already.
   */
  async hold(layer: Layer, name: string): Promise<Layer | null> {
    const path = join(this.staging, name);
    try {
      await link(blobFile(this.directory, layer.descriptor.digest), path);
      return { ...layer, path };
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ENOENT" ? null : { ...layer, path: undefined };
    }
  }

  /**
   * A file called `name` in the staging folder with the contents of a blob that is elsewhere, sharing its space where the
   * file system lets it. Throws an `RpmociError` of kind `output`.
   */
  async take({ path, start, descriptor: { size } }: ImageBlob, name: string): Promise<string> {
    const target = join(this.staging, name);
    try {
      if (start > 0) {
        const end = start + size - 1;
        await writeFile(target, size === 0 ? "" : createReadStream(path, { start, end }));
      } else await link(path, target).catch(() => copyFile(path, target, constants.COPYFILE_FICLONE));
      return target;
    } catch (error) {
      throw unwritable(this.directory, error);
    }
  }

  /**
   * As `commitBlobs`; `tag` names the image from then on, and no other. `artifacts`, which are about it, or about one of
   * the images of an index, take the place of those of the same types that this tool attached before.
   */
  async commit({ images, index }: NewTagged, tag: string, artifacts: readonly Artifact[] = []): Promise<void> {
    const [first] = images;
    const top = index?.descriptor ?? (first && { ...first.manifest.descriptor, platform: first.platform });
    if (top === undefined) throw new Error("there is no image to commit");
    const subjects = [top.digest, ...images.map(({ manifest }) => manifest.descriptor.digest)];
    const artifactsOf = new Map(
      subjects.map((digest) => [digest, artifacts.filter(({ subject }) => subject === digest)]),
    );
    const documents = artifacts.flatMap((artifact) => [...artifact.blobs, artifact.manifest]);
    const blobs = images.flatMap(({ layers, config, manifest }) => [...layers, config, manifest]);
    await this.commitBlobs([...blobs, ...documents, ...(index === null ? [] : [index])], async (entries) => {
      const tagged = withTag(entries, top, tag);
      return { ...tagged, manifests: await withArtifacts(this.directory, tagged.manifests, artifactsOf) };
    });
  }

  /**
   * Moves the blobs in, then replaces `index.json` atomically by what `change` makes of it. Processes that commit or
   * collect garbage at once wait for each other. Whatever the index names is on the disk before it, and the index before
   * this returns, so that a crash of the machine costs nothing that was committed. Throws an `RpmociError` of kind
   * `output`, with the code `LAYER_VANISHED` when a blob that is said to be in the layout is there no more.
   */
  async commitBlobs(
    blobs: readonly NewBlob[],
    change: (index: ImageIndex) => ImageIndex | Promise<ImageIndex>,
  ): Promise<void> {
    try {
      // What takes time, or fills the disk, comes before the lock and before anything is moved.
      // Several may share a configuration.
      const unique = [...new Map(blobs.map((blob) => [blob.descriptor.digest, blob])).values()];
      await Promise.all(unique.map((blob) => "path" in blob && blob.path && syncFile(blob.path)));
      const staged: StagedBlob[] = [];
      for (const blob of unique) staged.push(await this.#stageBlob(blob));
      const layout = await this.#stage(LAYOUT_FILE, LAYOUT_TEXT);
      // From a blob's move, or from finding it there, to the index that names it, nobody may take it for garbage.
      await withLayoutLock(this.directory, async () => {
        const changed = await change(await readIndex(this.directory));
        const index = await this.#stage(INDEX_FILE, JSON.stringify(changed));
        await this.#moveBlobs(staged);
        await rename(index, join(this.directory, INDEX_FILE));
        await rename(layout, join(this.directory, LAYOUT_FILE));
        await syncDirectory(this.directory);
      });
      if (this.#created !== undefined) await syncDirectories(dirname(this.directory), dirname(this.#created));
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

  async #stageBlob(blob: NewBlob): Promise<StagedBlob> {
    const { descriptor } = blob;
    if ("path" in blob) return { descriptor, path: blob.path, isDocument: false };
    const path = await this.#stage(`document-${descriptor.digest.replace(":", "-")}`, blob.bytes);
    return { descriptor, path, isDocument: true };
  }

  /** Gives the blobs their names, and sees to it that these are on the disk. */
  async #moveBlobs(staged: readonly StagedBlob[]): Promise<void> {
    const folders = [...new Set(staged.map(({ descriptor }) => dirname(blobFile(this.directory, descriptor.digest))))];
    const outermost = new Map<string, string | undefined>();
    try {
      for (const folder of folders) {
        const created = await makeDirectory(dirname(folder));
        outermost.set(folder, created);
        const inner = await makeDirectory(folder);
        outermost.set(folder, created ?? inner);
      }
      for (const blob of staged) await this.#putBlob(blob);
      for (const folder of folders) await syncDirectory(folder);
      if ([...outermost.values()].some((path) => path !== undefined))
        await syncDirectory(join(this.directory, "blobs"));
    } catch (error) {
      for (const [folder, created] of outermost) await removeEmpty(folder, created);
      throw error;
    }
  }

  /** A blob that is there already, and as long, has the same bytes; a document is replaced, should it be damaged. */
  async #putBlob({ path, descriptor, isDocument }: StagedBlob): Promise<void> {
    const target = blobFile(this.directory, descriptor.digest);
    const present = isDocument ? null : await stat(target).catch(() => null);
    // Another tool may have written it a moment ago.
    if (present?.size === descriptor.size) return syncFile(target);
    if (path !== undefined) return rename(path, target);
    throw new RpmociError(`A layer has vanished from ${this.directory}: ${descriptor.digest}`, {
      kind: "output",
      code: "LAYER_VANISHED",
      hint: "build again",
    });
  }

  /** A file in the staging folder that is on the disk. */
  async #stage(name: string, contents: string | Buffer): Promise<string> {
    const path = join(this.staging, name);
    await writeFile(path, contents, { flush: true });
    return path;
  }
}

/** Syncs `directory` and those above it up to `outermost`. */
async function syncDirectories(directory: string, outermost: string): Promise<void> {
  await syncDirectory(directory);
  if (directory !== outermost) await syncDirectories(dirname(directory), outermost);
}

/** Removes `directory` and those above it up to `outermost`, as long as they are empty; nothing when that is undefined. */
async function removeEmpty(directory: string, outermost: string | undefined): Promise<void> {
  if (outermost === undefined) return;
  for (let path = directory; path.startsWith(outermost); path = dirname(path)) {
    // What somebody else has put in meanwhile stays, and so does what is above it.
    const isLeft = await rmdir(path).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
    );
    if (isLeft) return;
  }
}

function unwritable(directory: string, error: unknown): RpmociError {
  const full = (error as NodeJS.ErrnoException).code === "ENOSPC";
  return new RpmociError(
    full ? `The disk of ${directory} is full` : `Failed to write the layout ${directory}: ${messageOf(error)}`,
    { kind: "output", code: full ? "DISK_FULL" : "LAYOUT_UNWRITABLE", cause: error },
  );
}

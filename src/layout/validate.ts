/** Checks a layout against the OCI image specification 1.1. */
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import pMap from "p-map";
import * as v from "valibot";
import { messageOf } from "../errors.js";
import { ANNOTATION_REF_NAME, MEDIA_TYPE } from "../model/descriptor.js";
import { measureBlob } from "./measure-blob.js";
import { type DescriptorValue, SCHEMAS } from "./schemas.js";

/** Stable names of what can be wrong. */
export type LayoutProblemCode =
  | "LAYOUT_FILE"
  | "INDEX"
  | "TAG_TWICE"
  | "BLOB_MISSING"
  | "BLOB_SIZE"
  | "BLOB_DIGEST"
  | "BLOB_CONTENTS"
  | "DIFF_IDS"
  | "DIFF_ID"
  | "HISTORY";

export interface LayoutProblem {
  readonly code: LayoutProblemCode;
  /** A digest, or the name of a file in the layout. */
  readonly subject: string;
  readonly message: string;
}

/** Blobs that are hashed at a time. */
const CONCURRENT = 4;

/**
 * Everything that is wrong with the layout in a directory, in the order of its index; empty when it is valid. Checked are
 * `oci-layout`, `index.json`, and whatever it refers to, directly or not: that each blob is there, with the size and digest
 * of its descriptor, that indexes, image manifests and configurations have the shape that the specification gives them,
 * that there is a diffID for each layer and that it is the digest of what the layer unpacks to (but not for zstd, which is
 * not unpacked), that history fits; that no tag is there twice; and that every file in `blobs/` is what its name says.
 * Never throws for what it finds in the layout. Files are read as streams.
 */
export async function validateLayout(path: string): Promise<readonly LayoutProblem[]> {
  return new Validation(resolve(path)).run();
}

class Validation {
  readonly #problems: LayoutProblem[] = [];
  readonly #seen = new Set<string>();
  /** What layers unpack to, by their digests. */
  readonly #diffIds = new Map<string, string>();

  constructor(readonly directory: string) {}

  async run(): Promise<readonly LayoutProblem[]> {
    await this.#checkLayoutFile();
    const index = await this.#parse(
      "index.json",
      "INDEX",
      () => readFile(join(this.directory, "index.json"), "utf8"),
      SCHEMAS.index,
    );
    for (const descriptor of index?.manifests ?? []) await this.#check(descriptor);
    this.#checkTags(index?.manifests ?? []);
    await this.#checkFiles();
    return this.#problems;
  }

  #add(code: LayoutProblemCode, subject: string, message: string): void {
    this.#problems.push({ code, subject, message });
  }

  async #parse<S extends v.GenericSchema>(
    subject: string,
    code: LayoutProblemCode,
    read: () => Promise<string>,
    schema: S,
  ): Promise<v.InferOutput<S> | null> {
    try {
      const result = v.safeParse(schema, JSON.parse(await read()));
      if (result.success) return result.output;
      const [issue] = result.issues;
      this.#add(code, subject, `${v.getDotPath(issue) ?? "the document"}: ${issue.message}`);
    } catch (error) {
      this.#add(code, subject, messageOf(error));
    }
    return null;
  }

  async #checkLayoutFile(): Promise<void> {
    const read = () => readFile(join(this.directory, "oci-layout"), "utf8");
    await this.#parse("oci-layout", "LAYOUT_FILE", read, SCHEMAS.layout);
  }

  #checkTags(manifests: readonly DescriptorValue[]): void {
    const tags = manifests.flatMap(({ annotations }) => annotations?.[ANNOTATION_REF_NAME] ?? []);
    for (const tag of new Set(tags.filter((name, index) => tags.indexOf(name) !== index))) {
      this.#add("TAG_TWICE", tag, `more than one image has the tag ${tag}`);
    }
  }

  /** The blob of a descriptor, and what it refers to. */
  async #check(descriptor: DescriptorValue): Promise<void> {
    const { digest, mediaType } = descriptor;
    if (this.#seen.has(digest)) return;
    this.#seen.add(digest);
    if (!(await this.#checkBlob(descriptor))) return;
    const read = () => readFile(this.#fileOf(digest), "utf8");
    if (mediaType === MEDIA_TYPE.index) {
      const index = await this.#parse(digest, "BLOB_CONTENTS", read, SCHEMAS.index);
      for (const nested of index?.manifests ?? []) await this.#check(nested);
    } else if (mediaType === MEDIA_TYPE.manifest) {
      const manifest = await this.#parse(digest, "BLOB_CONTENTS", read, SCHEMAS.manifest);
      if (manifest !== null) await this.#checkManifest(manifest);
    }
  }

  async #checkManifest({ config, layers }: v.InferOutput<typeof SCHEMAS.manifest>): Promise<void> {
    const isNew = layers.filter(({ digest }) => !this.#seen.has(digest));
    for (const { digest } of isNew) this.#seen.add(digest);
    await pMap(isNew, (layer) => this.#checkBlob(layer), { concurrency: CONCURRENT });
    if (!(await this.#checkBlob(config)) || config.mediaType !== MEDIA_TYPE.config) return;
    this.#seen.add(config.digest);
    const read = () => readFile(this.#fileOf(config.digest), "utf8");
    const image = await this.#parse(config.digest, "BLOB_CONTENTS", read, SCHEMAS.config);
    if (image === null) return;
    const { diff_ids: diffIds } = image.rootfs;
    if (diffIds.length !== layers.length) {
      this.#add("DIFF_IDS", config.digest, `${diffIds.length} diffIDs for ${layers.length} layers`);
      return;
    }
    for (const [index, { digest }] of layers.entries()) {
      const actual = this.#diffIds.get(digest);
      if (actual === undefined || actual === diffIds[index]) continue;
      this.#add("DIFF_ID", digest, `it unpacks to ${actual}, and the configuration says ${diffIds[index]}`);
    }
    const steps = image.history?.filter((step) => step.empty_layer !== true).length;
    if (steps !== undefined && steps !== layers.length) {
      this.#add("HISTORY", config.digest, `history has ${steps} steps with a layer, for ${layers.length} layers`);
    }
  }

  /** Whether the bytes are those of the descriptor. */
  async #checkBlob({ digest, size, mediaType }: DescriptorValue): Promise<boolean> {
    let blob: Awaited<ReturnType<typeof measureBlob>>;
    try {
      blob = await measureBlob(this.#fileOf(digest), mediaType);
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      this.#add(
        isMissing ? "BLOB_MISSING" : "BLOB_CONTENTS",
        digest,
        isMissing ? "the blob is missing" : messageOf(error),
      );
      return false;
    }
    if (blob.diffId !== undefined) this.#diffIds.set(digest, blob.diffId);
    if (blob.size !== size)
      this.#add("BLOB_SIZE", digest, `it has ${blob.size} bytes, and its descriptor says ${size}`);
    if (blob.digest !== digest) this.#add("BLOB_DIGEST", digest, `its bytes are those of ${blob.digest}`);
    else if (blob.fault !== undefined) this.#add("BLOB_CONTENTS", digest, `it cannot be unpacked: ${blob.fault}`);
    return blob.digest === digest;
  }

  /** Files that nothing refers to. */
  async #checkFiles(): Promise<void> {
    const folder = join(this.directory, "blobs", "sha256");
    const names = (await readdir(folder).catch(() => [])).sort().filter((name) => !this.#seen.has(`sha256:${name}`));
    const check = async (name: string): Promise<void> => {
      const blob = await measureBlob(join(folder, name), "").catch(() => null);
      if (blob?.digest !== `sha256:${name}`) {
        this.#add("BLOB_DIGEST", `blobs/sha256/${name}`, `its bytes are those of ${blob?.digest ?? "no file"}`);
      }
    };
    await pMap(names, check, { concurrency: CONCURRENT });
  }

  #fileOf(digest: string): string {
    const [algorithm = "", value = ""] = digest.split(":");
    return join(this.directory, "blobs", algorithm, value);
  }
}

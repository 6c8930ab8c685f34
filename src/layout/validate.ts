/** Checks a layout against the OCI image specification 1.1. */
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import pMap from "p-map";
import * as v from "valibot";
import { messageOf } from "../errors.js";
import { ANNOTATION_REF_NAME, type Digest, MEDIA_TYPE } from "../model/descriptor.js";
import { ALGORITHMS, type Algorithm, algorithmOf } from "./algorithm.js";
import { blobFile } from "./blob-file.js";
import { LARGEST_INDEX, readDocument } from "./document.js";
import { type MeasuredBlob, measureBlob } from "./measure-blob.js";
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
  | "HISTORY"
  | "ARTIFACT"
  | "SUBJECT";

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
 * of its descriptor, that indexes, image manifests and configurations have the shape that the specification gives them and
 * are no longer than registries take, that there is a diffID for each layer and that it is the digest of what the layer
 * unpacks to, that history fits; that an artifact says what it is, and that its subject, which need not be there, is what
 * it says; that no tag is there twice; and that every file in `blobs/` is what its name says. Of
 * blobs with a digest that is neither SHA-256 nor SHA-512, only the size. Never throws for what it finds in the layout.
 * Layers are read as streams.
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
      () => readDocument(join(this.directory, "index.json"), LARGEST_INDEX),
      SCHEMAS.index,
    );
    for (const descriptor of index?.manifests ?? []) await this.#check(descriptor);
    this.#checkTags(index?.manifests ?? []);
    for (const algorithm of ALGORITHMS) await this.#checkFiles(algorithm);
    return this.#problems;
  }

  #add(code: LayoutProblemCode, subject: string, message: string): void {
    this.#problems.push({ code, subject, message });
  }

  async #parse<S extends v.GenericSchema>(
    subject: string,
    code: LayoutProblemCode,
    read: () => Promise<Buffer>,
    schema: S,
  ): Promise<v.InferOutput<S> | null> {
    try {
      const result = v.safeParse(schema, JSON.parse((await read()).toString()));
      if (result.success) return result.output;
      const [issue] = result.issues;
      this.#add(code, subject, `${v.getDotPath(issue) ?? "the document"}: ${issue.message}`);
    } catch (error) {
      this.#add(code, subject, messageOf(error));
    }
    return null;
  }

  async #checkLayoutFile(): Promise<void> {
    const read = () => readDocument(join(this.directory, "oci-layout"));
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
    const read = () => readDocument(this.#fileOf(digest));
    if (mediaType === MEDIA_TYPE.index) {
      const index = await this.#parse(digest, "BLOB_CONTENTS", read, SCHEMAS.index);
      for (const nested of index?.manifests ?? []) await this.#check(nested);
    } else if (mediaType === MEDIA_TYPE.manifest) {
      const manifest = await this.#parse(digest, "BLOB_CONTENTS", read, SCHEMAS.manifest);
      if (manifest === null) return;
      await this.#checkManifest(manifest);
      await this.#checkArtifact(descriptor, manifest);
    }
  }

  /** "Guidelines for Artifact Usage" and the descriptions of `artifactType` and `subject`. */
  async #checkArtifact(
    { digest, artifactType: told }: DescriptorValue,
    { artifactType, config, subject }: v.InferOutput<typeof SCHEMAS.manifest>,
  ): Promise<void> {
    if (config.mediaType === MEDIA_TYPE.empty && !artifactType) {
      this.#add("ARTIFACT", digest, "an artifact without a configuration must have an artifactType");
    }
    if (told && artifactType && told !== artifactType) {
      this.#add("ARTIFACT", digest, `its artifactType is ${artifactType}, and its descriptor says ${told}`);
    }
    if (!subject) return;
    const present = await stat(this.#fileOf(subject.digest)).catch(() => null);
    if (present === null) return;
    if (present.size !== subject.size) {
      this.#add("SUBJECT", digest, `its subject has ${present.size} bytes, and it says ${subject.size}`);
    }
    await this.#check({ ...subject, size: present.size });
  }

  async #checkManifest({ config, layers }: v.InferOutput<typeof SCHEMAS.manifest>): Promise<void> {
    const image = await this.#readConfiguration(config);
    const diffIds = image?.rootfs.diff_ids ?? [];
    const check = async ({
      layer,
      diffId,
    }: {
      readonly layer: DescriptorValue;
      readonly diffId: string | undefined;
    }) => {
      await this.#checkBlob(layer, algorithmOf(diffId));
    };
    const isNew = layers
      .map((layer, index) => ({ layer, diffId: diffIds[index] }))
      .filter(({ layer }) => !this.#seen.has(layer.digest));
    for (const { layer } of isNew) this.#seen.add(layer.digest);
    await pMap(isNew, check, { concurrency: CONCURRENT });
    if (image === null) return;
    if (diffIds.length !== layers.length) {
      this.#add("DIFF_IDS", config.digest, `${diffIds.length} diffIDs for ${layers.length} layers`);
      return;
    }
    for (const [index, { digest }] of layers.entries()) {
      const [actual, expected] = [this.#diffIds.get(digest), diffIds[index]];
      if (actual === undefined || actual === expected || algorithmOf(actual) !== algorithmOf(expected)) continue;
      this.#add("DIFF_ID", digest, `it unpacks to ${actual}, and the configuration says ${expected}`);
    }
    const steps = image.history?.filter((step) => step.empty_layer !== true).length;
    // A history without steps tells nothing, rather than something wrong.
    if (image.history?.length && steps !== layers.length) {
      this.#add("HISTORY", config.digest, `history has ${steps} steps with a layer, for ${layers.length} layers`);
    }
  }

  /** Null for one of another kind, as artifacts have, or that cannot be read. */
  async #readConfiguration(config: DescriptorValue): Promise<v.InferOutput<typeof SCHEMAS.config> | null> {
    const { digest, mediaType } = config;
    this.#seen.add(digest);
    if (!(await this.#checkBlob(config)) || mediaType !== MEDIA_TYPE.config) return null;
    return this.#parse(digest, "BLOB_CONTENTS", () => readDocument(this.#fileOf(digest)), SCHEMAS.config);
  }

  /** Whether the bytes are those of the descriptor, as far as anybody can tell. */
  async #checkBlob({ digest, size, mediaType }: DescriptorValue, diffIdAlgorithm?: Algorithm): Promise<boolean> {
    const algorithm = algorithmOf(digest);
    const path = this.#fileOf(digest);
    let blob: Partial<MeasuredBlob>;
    try {
      blob = await (algorithm ? measureBlob({ path, algorithm, mediaType, diffIdAlgorithm }) : stat(path));
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
    const isOther = blob.digest !== undefined && blob.digest !== digest;
    if (isOther) this.#add("BLOB_DIGEST", digest, `its bytes are those of ${blob.digest}`);
    else if (blob.fault !== undefined) this.#add("BLOB_CONTENTS", digest, blob.fault);
    return !isOther;
  }

  /** Files that nothing refers to. */
  async #checkFiles(algorithm: Algorithm): Promise<void> {
    const folder = join(this.directory, "blobs", algorithm);
    const names = (await readdir(folder).catch(() => [])).sort();
    const check = async (name: string): Promise<void> => {
      const blob = await measureBlob({ path: join(folder, name), algorithm }).catch(() => null);
      if (blob?.digest !== `${algorithm}:${name}`) {
        this.#add("BLOB_DIGEST", `blobs/${algorithm}/${name}`, `its bytes are those of ${blob?.digest ?? "no file"}`);
      }
    };
    const unseen = names.filter((name) => !this.#seen.has(`${algorithm}:${name}`));
    await pMap(unseen, check, { concurrency: CONCURRENT });
  }

  #fileOf(digest: string): string {
    return blobFile(this.directory, digest as Digest);
  }
}

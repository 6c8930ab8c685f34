/** Reads an image of a layout with all that it leads to, and all that is attached to it. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import pMap from "p-map";
import * as v from "valibot";
import { messageOf, RpmociError } from "../errors.js";
import { ANNOTATION_REF_NAME, type Descriptor, type Digest } from "../model/descriptor.js";
import type { ImageBlob, ImageDocument, LayoutImage, PlatformImage } from "../model/layout-image.js";
import { algorithmOf } from "./algorithm.js";
import { blobFile } from "./blob-file.js";
import { readDocument } from "./document.js";
import { inspectLayout, readIndex } from "./index-file.js";
import { IMAGE_CONFIG, isReferring } from "./media-types.js";
import { descriptorSchema } from "./schemas.js";

/** Documents that are read at a time. */
const CONCURRENT = 8;

/** Layers that may not be copied to where anybody can have them. */
const FOREIGN = /\.(?:nondistributable\.|foreign\.)/;

const list = v.optional(v.nullable(v.array(descriptorSchema)), []);

const documentSchema = v.looseObject({
  artifactType: v.nullish(v.string()),
  config: v.nullish(descriptorSchema),
  layers: list,
  manifests: list,
  subject: v.nullish(descriptorSchema),
  annotations: v.nullish(v.record(v.string(), v.string())),
});

const configSchema = v.looseObject({ architecture: v.string(), created: v.nullish(v.string()) });

/** The tag that lists what is attached to an image, where there is no other list. */
const REFERRERS_TAG = /^(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{64})$/;

/**
 * The image of that tag, or with that digest, or else the only one that there is. Its documents have the digests that they
 * should have, and its blobs the sizes. Throws an `RpmociError` of kind `output`.
 */
export async function readLayoutImage(
  path: string,
  choice: { readonly tag?: string | undefined; readonly digest?: Digest | undefined },
): Promise<LayoutImage> {
  const directory = resolve(path);
  if ((await inspectLayout(directory)) === "absent")
    throw fault("LAYOUT_MISSING", `there is no OCI image layout in ${directory}`);
  const { manifests } = await readIndex(directory);
  const chosen = choose(manifests, choice, directory);
  const tags = manifests
    .filter(({ digest }) => digest === chosen.digest)
    .flatMap((entry) => entry.annotations?.[ANNOTATION_REF_NAME] ?? []);
  return new Reader(directory).read(chosen, [...new Set(tags)].sort(), manifests);
}

function choose(
  manifests: readonly Descriptor[],
  { tag, digest }: { readonly tag?: string | undefined; readonly digest?: Digest | undefined },
  directory: string,
): Descriptor {
  const tagOf = (entry: Descriptor): string | undefined => entry.annotations?.[ANNOTATION_REF_NAME];
  const images = manifests.filter(
    (entry) => (tag === undefined || tagOf(entry) === tag) && (digest === undefined || entry.digest === digest),
  );
  // Without a choice, lists of what is attached, and attachments without a tag, are not what anybody means.
  const isTagged = images.some((entry) => tagOf(entry) !== undefined);
  const candidates =
    tag === undefined && digest === undefined
      ? images.filter((entry) => !isTagged || !(REFERRERS_TAG.test(tagOf(entry) ?? "") || tagOf(entry) === undefined))
      : images;
  const [first] = candidates;
  const all = manifests.flatMap((entry) => tagOf(entry) ?? []).sort();
  const known = all.length === 0 ? "no image there has a tag" : `there are: ${all.join(", ")}`;
  if (first === undefined) {
    const what = tag === undefined ? (digest === undefined ? "image" : `image ${digest}`) : `image with the tag ${tag}`;
    throw fault("IMAGE_MISSING", `there is no ${what} in ${directory}`, known);
  }
  if (candidates.some((entry) => entry.digest !== first.digest)) {
    throw fault(
      "IMAGE_AMBIGUOUS",
      `there is more than one image in ${directory}`,
      `name one, as in ${directory}:TAG; ${known}`,
    );
  }
  return first;
}

class Reader {
  readonly #documents = new Map<string, ImageDocument>();
  readonly #blobs = new Map<string, ImageBlob>();
  readonly #platforms: PlatformImage[] = [];
  #created: number | undefined;

  constructor(readonly directory: string) {}

  async read(chosen: Descriptor, tags: readonly string[], entries: readonly Descriptor[]): Promise<LayoutImage> {
    const top = await this.#add(chosen);
    await this.#addReferrers(entries);
    return {
      tags,
      top,
      documents: [...this.#documents.values()],
      blobs: [...this.#blobs.values()],
      platforms: this.#platforms,
      created: this.#created ?? 0,
    };
  }

  async #add(descriptor: Descriptor): Promise<ImageDocument> {
    const known = this.#documents.get(descriptor.digest);
    if (known !== undefined) return known;
    const { document, value } = await this.#parse(descriptor);
    for (const child of (value.manifests ?? []) as readonly Descriptor[]) {
      if (isReferring(child.mediaType)) await this.#add(child);
      else await this.#addBlob(child);
    }
    const config = value.config && (await this.#addBlob(value.config as Descriptor));
    const layers = (value.layers ?? []) as readonly Descriptor[];
    for (const layer of layers) await this.#addBlob(layer);
    if (config) await this.#addPlatform(descriptor, config, layers);
    this.#documents.set(descriptor.digest, document);
    return document;
  }

  async #parse(
    descriptor: Descriptor,
  ): Promise<{ document: ImageDocument; value: v.InferOutput<typeof documentSchema> }> {
    const { mediaType, digest, size } = descriptor;
    if (!v.is(descriptorSchema, descriptor)) throw damaged(this.directory, digest, "its descriptor is not valid");
    const bytes = await this.#bytesOf(digest);
    let value: v.InferOutput<typeof documentSchema>;
    try {
      value = v.parse(documentSchema, JSON.parse(bytes.toString()));
    } catch (error) {
      throw damaged(this.directory, digest, messageOf(error));
    }
    if (bytes.length !== size)
      throw damaged(this.directory, digest, `it has ${bytes.length} bytes, and its descriptor says ${size}`);
    const document = {
      descriptor: { mediaType, digest, size, ...(descriptor.platform ? { platform: descriptor.platform } : {}) },
      bytes,
      subject: value.subject?.digest as Digest | undefined,
      artifactType: value.artifactType ?? value.config?.mediaType,
      annotations: value.annotations ?? undefined,
    };
    return { document, value };
  }

  async #bytesOf(digest: Digest): Promise<Buffer> {
    const algorithm = algorithmOf(digest);
    let bytes: Buffer;
    try {
      bytes = await readDocument(blobFile(this.directory, digest));
    } catch (error) {
      throw damaged(
        this.directory,
        digest,
        (error as NodeJS.ErrnoException).code === "ENOENT" ? "it is missing" : messageOf(error),
      );
    }
    const actual = algorithm && `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
    if (actual === digest) return bytes;
    throw damaged(
      this.directory,
      digest,
      actual === undefined ? "its digest is of an unknown kind" : `its bytes are those of ${actual}`,
    );
  }

  /** Null for a foreign layer that is not there. */
  async #addBlob(descriptor: Descriptor): Promise<ImageBlob | null> {
    const { digest, size, mediaType } = descriptor;
    const known = this.#blobs.get(digest);
    if (known !== undefined) return known;
    const path = blobFile(this.directory, digest);
    const status = await stat(path).catch(() => null);
    if (status === null && FOREIGN.test(mediaType)) return null;
    if (status === null || !status.isFile()) throw damaged(this.directory, digest, "it is missing");
    if (status.size !== size)
      throw damaged(this.directory, digest, `it has ${status.size} bytes, and its descriptor says ${size}`);
    const blob = { descriptor: { mediaType, digest, size }, path };
    this.#blobs.set(digest, blob);
    return blob;
  }

  async #addPlatform(manifest: Descriptor, config: ImageBlob, layers: readonly Descriptor[]): Promise<void> {
    if (!IMAGE_CONFIG.test(config.descriptor.mediaType)) return;
    const bytes = await this.#bytesOf(config.descriptor.digest);
    let value: v.InferOutput<typeof configSchema>;
    try {
      value = v.parse(configSchema, JSON.parse(bytes.toString()));
    } catch (error) {
      throw damaged(this.directory, config.descriptor.digest, messageOf(error));
    }
    const time = Math.floor(Date.parse(value.created ?? "") / 1000);
    if (time >= 0) this.#created ??= time;
    this.#platforms.push({ manifest, config, layers, architecture: value.architecture });
  }

  /** What says of itself that it is about a document that is here, and about those in turn. */
  async #addReferrers(entries: readonly Descriptor[]): Promise<void> {
    const open = [...entries];
    for (const entry of entries) {
      if (!REFERRERS_TAG.test(entry.annotations?.[ANNOTATION_REF_NAME] ?? "")) continue;
      const { value } = await this.#parse(entry);
      open.push(...((value.manifests ?? []) as readonly Descriptor[]));
    }
    const documents = open.filter(({ mediaType }) => isReferring(mediaType));
    // Others' images may be damaged without harm to this one.
    const parsed = await pMap(
      documents,
      async (entry) => ({ entry, parsed: await this.#parse(entry).catch(() => null) }),
      { concurrency: CONCURRENT },
    );
    for (let grew = true; grew; ) {
      grew = false;
      for (const { entry, parsed: found } of parsed) {
        const subject = found?.document.subject;
        if (subject === undefined || !this.#documents.has(subject) || this.#documents.has(entry.digest)) continue;
        await this.#add(entry);
        grew = true;
      }
    }
  }
}

function damaged(directory: string, digest: string, reason: string): RpmociError {
  return fault(
    "LAYOUT_DAMAGED",
    `the blob ${digest} of ${directory} is not what it should be: ${reason}`,
    `look for more with: rpmoci layout validate ${directory}`,
  );
}

function fault(code: string, message: string, hint?: string): RpmociError {
  return new RpmociError(`Failed to read the image: ${message}`, { kind: "output", code, hint });
}

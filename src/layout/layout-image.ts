/** Reads an image of a layout with all that it leads to, and all that is attached to it. */
import pMap from "p-map";
import * as v from "valibot";
import type { Descriptor, Digest } from "../model/descriptor.js";
import type { ImageBlob, ImageDocument, LayoutImage, PlatformImage } from "../model/layout-image.js";
import { chooseImage, REFERRERS_TAG } from "./choose-image.js";
import type { ImageReference } from "./image-reference.js";
import { IMAGE_CONFIG, isReferring } from "./media-types.js";
import { descriptorSchema } from "./schemas.js";
import { StoredLayout, tagOf } from "./stored-layout.js";

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

/**
 * The image that `chooseImage` finds. Its documents have the digests that they should have, and its blobs the sizes. Throws
 * an `RpmociError` of kind `usage` when there is no such image, of kind `verify` when it is damaged.
 */
export async function readLayoutImage(reference: ImageReference): Promise<LayoutImage> {
  const layout = await StoredLayout.open(reference);
  const chosen = await chooseImage(layout);
  const tags = layout.entries.filter(({ digest }) => digest === chosen.digest).flatMap((entry) => tagOf(entry) ?? []);
  return new Reader(layout).read(chosen, [...new Set(tags)].sort());
}

class Reader {
  readonly #documents = new Map<string, ImageDocument>();
  readonly #blobs = new Map<string, ImageBlob>();
  readonly #platforms: PlatformImage[] = [];
  #created: number | undefined;

  constructor(readonly layout: StoredLayout) {}

  async read(chosen: Descriptor, tags: readonly string[]): Promise<LayoutImage> {
    const top = await this.#add(chosen);
    await this.#addReferrers(this.layout.entries);
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
    const { mediaType, digest, size, platform } = descriptor;
    const bytes = await this.layout.readBytes(descriptor);
    const value = this.layout.parse(bytes, documentSchema, digest);
    const document = {
      descriptor: { mediaType, digest, size, ...(platform ? { platform } : {}) },
      bytes,
      subject: value.subject?.digest as Digest | undefined,
      artifactType: value.artifactType ?? value.config?.mediaType,
      annotations: value.annotations ?? undefined,
    };
    return { document, value };
  }

  /** Null for a foreign layer that is not there. */
  async #addBlob(descriptor: Descriptor): Promise<ImageBlob | null> {
    const { digest, size, mediaType } = descriptor;
    const known = this.#blobs.get(digest);
    if (known !== undefined) return known;
    const extent = await this.layout.find(digest);
    if (extent === null && FOREIGN.test(mediaType)) return null;
    if (extent === null) throw this.layout.damaged(digest, "it is missing");
    if (extent.size !== size) {
      throw this.layout.damaged(digest, `it has ${extent.size} bytes, and its descriptor says ${size}`);
    }
    const { path, start } = extent;
    const blob = { descriptor: { mediaType, digest, size }, path, start };
    this.#blobs.set(digest, blob);
    return blob;
  }

  async #addPlatform(manifest: Descriptor, config: ImageBlob, layers: readonly Descriptor[]): Promise<void> {
    if (!IMAGE_CONFIG.test(config.descriptor.mediaType)) return;
    const value = await this.layout.readJson(config.descriptor, configSchema);
    const time = Math.floor(Date.parse(value.created ?? "") / 1000);
    if (time >= 0) this.#created ??= time;
    this.#platforms.push({ manifest, config, layers, architecture: value.architecture });
  }

  /** What says of itself that it is about a document that is here, and about those in turn. */
  async #addReferrers(entries: readonly Descriptor[]): Promise<void> {
    const open = [...entries];
    for (const entry of entries) {
      if (!REFERRERS_TAG.test(tagOf(entry) ?? "")) continue;
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

/** An image that another one is built on: in a layout, an archive of one, or the cache of what registries have. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import * as v from "valibot";
import { messageOf, RpmociError } from "../errors.js";
import type { Platform } from "../model/architecture.js";
import type { Descriptor, Digest } from "../model/descriptor.js";
import type { BaseImage } from "../model/image-tree.js";
import type { ImageBlob } from "../model/layout-image.js";
import { algorithmOf } from "./algorithm.js";
import { openBlobStore, readBlob, readStoredDocument } from "./blob-store.js";
import { chooseImage, imageFor } from "./choose-image.js";
import { LARGEST_DOCUMENT, readDocument } from "./document.js";
import { damaged } from "./image-faults.js";
import type { ImageReference } from "./image-reference.js";
import { IMAGE_INDEX, IMAGE_MANIFEST } from "./media-types.js";
import { descriptorSchema, SCHEMAS } from "./schemas.js";
import { blobName, parseDocument, StoredLayout } from "./stored-layout.js";

/** Where the documents and blobs of images are, by their digests. */
export interface BaseBlobs {
  /** As users name the image. */
  readonly name: string;
  /** Throws as reading does. */
  document(digest: Digest): Promise<Buffer>;
  /** Fails as reading does. */
  open(digest: Digest): AsyncIterable<Buffer>;
  /** The file that has it, and where it begins there. Throws as reading does when it is gone. */
  find(digest: Digest): Promise<Pick<ImageBlob, "path" | "start">>;
}

/** Docker's names for the same bytes, which have no place in a manifest of the image specification. */
const LAYER_TYPES: ReadonlyMap<string, string> = new Map([
  ["application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip"],
  ["application/vnd.docker.image.rootfs.diff.tar.zstd", "application/vnd.oci.image.layer.v1.tar+zstd"],
  ["application/vnd.docker.image.rootfs.diff.tar", "application/vnd.oci.image.layer.v1.tar"],
]);

const indexSchema = v.looseObject({ manifests: v.array(descriptorSchema) });

const manifestSchema = v.looseObject({ config: descriptorSchema, layers: v.array(descriptorSchema) });

/** Docker's own configurations may lack what nobody needs to run them. */
const configSchema = v.looseObject({ ...SCHEMAS.config.entries, history: v.nullish(v.array(v.looseObject({}))) });

/** The blobs of a layout, or of an archive of one. Throws an `RpmociError` of kind `fetch` when there is none. */
export async function openLayoutBlobs(path: string, name: string): Promise<BaseBlobs> {
  try {
    const store = await openBlobStore(path);
    return {
      name,
      document: async (digest) => {
        if ((await store.find(blobName(digest))) !== null) return readStoredDocument(store, blobName(digest));
        throw Object.assign(new Error("it is missing"), { code: "ENOENT" });
      },
      open: (digest) => readBlob(store, blobName(digest)),
      find: async (digest) => {
        const extent = await store.find(blobName(digest));
        if (extent === null) throw new Error(`${digest} is not there`);
        return extent;
      },
    };
  } catch (error) {
    throw missingBase(name, messageOf(error), error);
  }
}

/** Blobs in files of their own. */
export function openFileBlobs(name: string, fileOf: (digest: Digest) => string): BaseBlobs {
  return {
    name,
    document: (digest) => readDocument(fileOf(digest), LARGEST_DOCUMENT),
    open: (digest) => createReadStream(fileOf(digest), { highWaterMark: 1 << 17 }),
    find: async (digest) => ({ path: fileOf(digest), start: 0 }),
  };
}

/** What a layout has by that tag, or what is its only image. Throws an `RpmociError` of kind `fetch` or `verify`. */
export async function findInLayout(reference: ImageReference, name: string): Promise<Descriptor> {
  try {
    return await chooseImage(await StoredLayout.open(reference));
  } catch (error) {
    if (error instanceof RpmociError && error.kind === "verify") throw error;
    throw missingBase(name, messageOf(error), error);
  }
}

export interface ChosenImage {
  /** Of the image manifest. */
  readonly descriptor: Descriptor;
  /** Of the index that it was chosen from. */
  readonly index: Digest | undefined;
}

/**
 * The image manifest for a platform: `descriptor`'s own, or, of an index, the one that names it. Throws an `RpmociError`: of kind
 * `verify` for a damaged index, of kind `manifest` when there is none for the platform.
 */
export async function chooseForPlatform(
  descriptor: Descriptor,
  platform: Platform,
  blobs: BaseBlobs,
): Promise<ChosenImage> {
  if (!IMAGE_INDEX.test(descriptor.mediaType)) return { descriptor, index: undefined };
  const { manifests } = await readJson(blobs, descriptor.digest, indexSchema);
  const images = (manifests as readonly Descriptor[]).filter(({ mediaType }) => IMAGE_MANIFEST.test(mediaType));
  const chosen = imageFor(platform, images);
  if (chosen === undefined)
    throw foreign(
      blobs.name,
      platform,
      images.map((image) => image.platform?.architecture ?? "?"),
    );
  return { descriptor: chosen, index: descriptor.digest };
}

/**
 * The image of an image manifest. Documents are verified by their digests; layers are not looked at. Throws an `RpmociError`: of
 * kind `fetch` when there is none, of kind `verify` when it is damaged, of kind `manifest` for another platform.
 */
export async function openBaseImage(
  digest: Digest,
  index: Digest | undefined,
  platform: Platform,
  blobs: BaseBlobs,
): Promise<BaseImage> {
  const { name } = blobs;
  const manifest = await readJson(blobs, digest, manifestSchema);
  const config = await readJson(blobs, manifest.config.digest as Digest, configSchema);
  if (config.os !== platform.os || config.architecture !== platform.architecture) {
    throw foreign(name, platform, [config.architecture]);
  }
  const layers = manifest.layers as readonly Descriptor[];
  const diffIds = config.rootfs.diff_ids as readonly Digest[];
  if (diffIds.length !== layers.length) {
    throw damaged(name, manifest.config.digest, `it tells of ${diffIds.length} layers, and there are ${layers.length}`);
  }
  return {
    name,
    digest,
    index,
    // What a document lacks that the schema lets it lack is undefined.
    config: config as unknown as BaseImage["config"],
    layers: layers.map((layer) => ({ ...layer, mediaType: LAYER_TYPES.get(layer.mediaType) ?? layer.mediaType })),
    openBlob: (layer) => blobs.open(layer.digest),
    find: async (descriptor) => ({ descriptor, ...(await blobs.find(descriptor.digest)) }),
  };
}

/** The digests of all that an image consists of, but for its image manifest. Throws as `openBaseImage`. */
export async function blobsOf(digest: Digest, blobs: BaseBlobs): Promise<readonly Descriptor[]> {
  const manifest = await readJson(blobs, digest, manifestSchema);
  return [manifest.config, ...manifest.layers] as readonly Descriptor[];
}

async function readJson<S extends v.GenericSchema>(
  blobs: BaseBlobs,
  digest: Digest,
  schema: S,
): Promise<v.InferOutput<S>> {
  let bytes: Buffer;
  try {
    bytes = await blobs.document(digest);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw missingBase(blobs.name, `${digest} is not there`, error);
    throw damaged(blobs.name, digest, messageOf(error), error);
  }
  const algorithm = algorithmOf(digest) ?? "sha256";
  const actual = `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
  if (actual !== digest) throw damaged(blobs.name, digest, `its bytes are those of ${actual}`);
  return parseDocument(bytes, schema, digest, blobs.name);
}

function missingBase(name: string, reason: string, cause: unknown): RpmociError {
  return new RpmociError(`the base image ${name} cannot be had: ${reason}`, {
    kind: "fetch",
    code: "BASE_MISSING",
    hint: "put it back, or name another one in contents.base and run rpmoci update, which locks what is there now",
    cause,
  });
}

function foreign(name: string, { os, architecture }: Platform, others: readonly string[]): RpmociError {
  return new RpmociError(`the base image ${name} is not for ${os}/${architecture}, but for ${others.join(", ")}`, {
    kind: "manifest",
    code: "BASE_PLATFORM",
    hint: "name a base image for this architecture, or build for one that it is for",
  });
}

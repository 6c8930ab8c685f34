/** Finds an image that a user names, to look into it. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import * as v from "valibot";
import { messageOf, RpmociError } from "../errors.js";
import { hostArchitecture, platformOf } from "../model/architecture.js";
import {
  ANNOTATION_REF_NAME,
  type Descriptor,
  type Digest,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  MEDIA_TYPE,
} from "../model/descriptor.js";
import type { ImageSource } from "../model/image-tree.js";
import { algorithmOf } from "./algorithm.js";
import { type BlobStore, openBlobStore } from "./blob-store.js";
import { LARGEST_INDEX } from "./document.js";
import { SCHEMAS } from "./schemas.js";

export interface ImageReference {
  /** A directory, or an archive. */
  readonly path: string;
  readonly tag: string | undefined;
}

/** `DIR[:TAG]` or `FILE[:TAG]`, also behind `oci:` or `oci-archive:`. A path may have a colon in it. */
export function parseImageReference(text: string): ImageReference {
  const rest = existsSync(text) ? text : text.replace(/^oci(-archive)?:/, "");
  const [, path, tag] = /^(.+):([^/]+)$/.exec(rest) ?? [];
  if (path !== undefined && tag !== undefined && !existsSync(rest)) return { path, tag };
  return { path: rest, tag: undefined };
}

/**
 * The image with this tag, or the only one; of an image for several platforms the one for this machine, or the only one.
 * Its documents are verified by their digests; blobs are not looked at. Throws an `RpmociError` of kind `usage` when there
 * is no such image, of kind `verify` when it is damaged.
 */
export async function openImage(reference: ImageReference): Promise<ImageSource> {
  const { path, tag } = reference;
  const name = tag === undefined ? path : `${path}:${tag}`;
  const store = await openBlobStore(path).catch((error: unknown) => {
    throw unknownImage(`Failed to open the image ${name}: ${messageOf(error)}`, error);
  });
  const index = await readIndex(store, path);
  const descriptor = await choosePlatform(chooseImage(index, reference), store, name);
  const manifest: ImageManifest = await readJson(store, descriptor, SCHEMAS.manifest, name);
  const config: ImageConfig = await readJson(store, manifest.config, SCHEMAS.config, name);
  return {
    name,
    digest: descriptor.digest,
    config,
    layers: manifest.layers,
    openBlob: ({ digest }) => store.open(blobName(digest)),
  };
}

export function blobName(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

export async function readIndex(store: BlobStore, path: string): Promise<ImageIndex> {
  let bytes: Buffer;
  try {
    await store.document("oci-layout");
    bytes = await store.document("index.json", LARGEST_INDEX);
  } catch (error) {
    throw unknownImage(`there is no OCI image layout at ${path}: ${messageOf(error)}`, error);
  }
  return parseDocument(bytes, SCHEMAS.index, "index.json", path);
}

export function chooseImage({ manifests }: ImageIndex, { path, tag }: ImageReference): Descriptor {
  const tags = [...new Set(manifests.flatMap(({ annotations }) => annotations?.[ANNOTATION_REF_NAME] ?? []))];
  const hint = tags.length === 0 ? undefined : `its tags are ${tags.join(", ")}`;
  const found =
    tag === undefined
      ? manifests
      : manifests.filter(({ annotations }) => annotations?.[ANNOTATION_REF_NAME] === tag).slice(0, 1);
  const [image] = found;
  if (image !== undefined && found.length === 1) return image;
  const reason =
    tag !== undefined ? `no image with the tag ${tag}` : image === undefined ? "no image" : "several images";
  throw new RpmociError(`the layout ${path} has ${reason}`, { kind: "usage", code: "IMAGE_UNKNOWN", hint });
}

async function choosePlatform(descriptor: Descriptor, store: BlobStore, name: string): Promise<Descriptor> {
  if (descriptor.mediaType !== MEDIA_TYPE.index) return descriptor;
  const { manifests }: ImageIndex = await readJson(store, descriptor, SCHEMAS.index, name);
  const own = platformOf(hostArchitecture());
  const images = manifests.filter(({ mediaType }) => mediaType === MEDIA_TYPE.manifest);
  const fitting = images.find(({ platform }) => platform?.os === own.os && platform.architecture === own.architecture);
  const chosen = fitting ?? (images.length === 1 ? images[0] : undefined);
  if (chosen !== undefined) return chosen;
  throw new RpmociError(`the image ${name} is not for ${own.architecture}`, { kind: "usage", code: "IMAGE_UNKNOWN" });
}

async function readJson<T>(
  store: BlobStore,
  { digest }: Pick<Descriptor, "digest">,
  schema: v.GenericSchema,
  name: string,
): Promise<T> {
  const algorithm = algorithmOf(digest);
  let bytes: Buffer;
  try {
    bytes = await store.document(blobName(digest));
  } catch (error) {
    throw damaged(name, digest, messageOf(error), error);
  }
  if (algorithm !== undefined) {
    const actual = `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
    if (actual !== digest) throw damaged(name, digest, `its bytes are those of ${actual}`);
  }
  return parseDocument(bytes, schema, digest, name);
}

export function parseDocument<T>(bytes: Buffer, schema: v.GenericSchema, subject: string, name: string): T {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString());
  } catch (error) {
    throw damaged(name, subject, messageOf(error), error);
  }
  const result = v.safeParse(schema, document);
  if (result.success) return result.output as T;
  const [issue] = result.issues;
  throw damaged(name, subject, `${v.getDotPath(issue) ?? "the document"}: ${issue.message}`);
}

function unknownImage(message: string, cause: unknown): RpmociError {
  return new RpmociError(message, { kind: "usage", code: "IMAGE_UNKNOWN", cause });
}

/** Of an image whose bytes are not what they should be; `subject` is a digest or a file of the layout. */
export function damaged(name: string, subject: string, reason: string, cause?: unknown): RpmociError {
  return new RpmociError(`the image ${name} is damaged: ${subject}: ${reason}`, {
    kind: "verify",
    code: "IMAGE_DAMAGED",
    hint: "rpmoci layout validate lists all that is wrong with a layout",
    cause,
  });
}

/** Finds an image in a layout that is whole. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { ANNOTATION_REF_NAME, type Descriptor, type Digest, type ImageManifest } from "../model/descriptor.js";
import { blobFile } from "./blob-file.js";
import { readIndex } from "./index-file.js";
import type { NewImage } from "./layout.js";
import { readVerified } from "./read-verified.js";

/**
 * The image with this image manifest, to be tagged once more. Null unless the image manifest and the configuration have
 * their digests and all layers are there with their sizes.
 */
export async function readImage(
  path: string,
  digest: Digest,
  platform: NewImage["platform"],
): Promise<NewImage | null> {
  const directory = resolve(path);
  try {
    const bytes = await readVerified(directory, digest);
    const image: ImageManifest = JSON.parse(bytes.toString());
    const config = { descriptor: image.config, bytes: await readVerified(directory, image.config.digest) };
    await Promise.all(image.layers.map((layer) => requireBlob(directory, layer)));
    const { mediaType, annotations } = image;
    const descriptor = { mediaType, digest, size: bytes.length, ...(annotations && { annotations }) };
    const layers = image.layers.map((layer) => ({ path: undefined, descriptor: layer }));
    return { config, manifest: { descriptor, bytes }, layers, platform };
  } catch {
    return null;
  }
}

/** Whether `tag` names this image manifest already. Throws an `RpmociError` of kind `output` for an unreadable index. */
export async function isTagged(path: string, digest: Digest, tag: string): Promise<boolean> {
  const { manifests } = await readIndex(resolve(path));
  return manifests.some((entry) => entry.digest === digest && entry.annotations?.[ANNOTATION_REF_NAME] === tag);
}

async function requireBlob(directory: string, { digest, size }: Descriptor): Promise<void> {
  if ((await stat(blobFile(directory, digest))).size !== size) throw new Error(`${digest} has another size`);
}

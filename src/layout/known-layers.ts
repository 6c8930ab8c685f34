/** Layers of a layout's images that say what they were made from. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import {
  ANNOTATION_LAYER_INPUTS,
  ANNOTATION_REF_NAME,
  type Descriptor,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  type Layer,
  MEDIA_TYPE,
} from "../model/descriptor.js";
import { blobFile } from "./blob-file.js";
import { readDocument } from "./document.js";
import { readIndex } from "./index-file.js";

/**
 * By what they were made from, the layers of the layout's images, or of the one with this tag. Their bytes are not
 * looked at, only that there are as many as there should be. Images that cannot be read have none. Throws an
 * `RpmociError` of kind `output` for an index that cannot be read.
 */
export async function knownLayers(path: string, tag?: string): Promise<ReadonlyMap<string, Layer>> {
  const directory = resolve(path);
  const { manifests } = await readIndex(directory);
  const entries = manifests.filter(
    ({ annotations }) => tag === undefined || annotations?.[ANNOTATION_REF_NAME] === tag,
  );
  const images = await Promise.all(entries.map((entry) => imagesOf(directory, entry).catch(() => [])));
  const layers = await Promise.all(images.flat().map((image) => layersOf(directory, image).catch(() => [])));
  return new Map(layers.flat());
}

/** Those of an index of several architectures, or the image itself. */
async function imagesOf(directory: string, entry: Descriptor): Promise<readonly Descriptor[]> {
  const images =
    entry.mediaType === MEDIA_TYPE.index ? (await readJson<ImageIndex>(directory, entry)).manifests : [entry];
  return images.filter(({ mediaType }) => mediaType === MEDIA_TYPE.manifest);
}

async function layersOf(directory: string, image: Descriptor): Promise<readonly (readonly [string, Layer])[]> {
  const manifest: ImageManifest = await readJson(directory, image);
  if (!manifest.layers.some(({ annotations }) => annotations?.[ANNOTATION_LAYER_INPUTS] !== undefined)) return [];
  const config: ImageConfig = await readJson(directory, manifest.config);
  const found = await Promise.all(
    manifest.layers.map(async (descriptor, index) => {
      const inputs = descriptor.annotations?.[ANNOTATION_LAYER_INPUTS];
      const diffId = config.rootfs.diff_ids[index];
      const path = blobFile(directory, descriptor.digest);
      const present = await stat(path).catch(() => null);
      if (inputs === undefined || diffId === undefined || present?.size !== descriptor.size) return [];
      return [[inputs, { path, diffId, descriptor }] as const];
    }),
  );
  return found.flat();
}

async function readJson<T>(directory: string, { digest }: Descriptor): Promise<T> {
  return JSON.parse((await readDocument(blobFile(directory, digest))).toString());
}

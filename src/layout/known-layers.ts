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
  const named = manifests.filter((entry) => tag === undefined || entry.annotations?.[ANNOTATION_REF_NAME] === tag);
  const layers = await Promise.all(named.map((entry) => layersBelow(directory, entry).catch(() => [])));
  return new Map(layers.flat());
}

type KnownLayers = readonly (readonly [string, Layer])[];

/** Of an image, or of all platforms of one. */
async function layersBelow(directory: string, entry: Descriptor): Promise<KnownLayers> {
  if (entry.mediaType === MEDIA_TYPE.manifest) return layersOf(directory, entry);
  if (entry.mediaType !== MEDIA_TYPE.index) return [];
  const { manifests }: ImageIndex = await readJson(directory, entry);
  const layers = await Promise.all(manifests.map((image) => layersBelow(directory, image).catch(() => [])));
  return layers.flat();
}

async function layersOf(directory: string, image: Descriptor): Promise<KnownLayers> {
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

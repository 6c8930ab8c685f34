/** Opens an image that a user names, to look into it. */
import { platformOf } from "../model/architecture.js";
import type { Descriptor, ImageConfig } from "../model/descriptor.js";
import type { ImageSource, LayerSource } from "../model/image-tree.js";
import { chooseImage, choosePlatform, platformMissing } from "./choose-image.js";
import { unknownImage } from "./image-faults.js";
import type { ImageReference } from "./image-reference.js";
import { IMAGE_CONFIG, IMAGE_MANIFEST } from "./media-types.js";
import { READ_SCHEMAS } from "./schemas.js";
import { StoredLayout } from "./stored-layout.js";

/**
 * The image that `chooseImage` and `choosePlatform` find. Its documents are verified by their digests; layers are not looked
 * at. Throws an `RpmociError` of kind `usage` when there is no such image, of kind `verify` when it is damaged.
 */
export async function openImage(reference: ImageReference, architecture?: string): Promise<ImageSource> {
  const layout = await StoredLayout.open(reference);
  const descriptor = await choosePlatform(layout, await chooseImage(layout), architecture);
  if (!IMAGE_MANIFEST.test(descriptor.mediaType)) throw noImage(layout, descriptor.mediaType);
  const manifest = await layout.readJson(descriptor, READ_SCHEMAS.manifest);
  if (!IMAGE_CONFIG.test(manifest.config.mediaType)) {
    throw noImage(layout, manifest.artifactType ?? manifest.config.mediaType);
  }
  const config = await layout.readJson(manifest.config as Descriptor, READ_SCHEMAS.config);
  const wanted = architecture === undefined ? undefined : platformOf(architecture);
  if (wanted !== undefined && wanted.architecture !== config.architecture) {
    throw platformMissing(layout, wanted, [config.architecture]);
  }
  return {
    name: layout.name,
    digest: descriptor.digest,
    config: config as unknown as ImageConfig,
    layers: manifest.layers as readonly Descriptor[],
    openBlob: ({ digest }) => layout.open(digest),
  };
}

/** Layers in the directory of a layout, whose image is at hand. Throws an `RpmociError` of kind `usage`. */
export async function openLayers(path: string, layers: readonly Descriptor[]): Promise<LayerSource> {
  const layout = await StoredLayout.open({ path });
  return { name: layout.name, layers, openBlob: ({ digest }) => layout.open(digest) };
}

function noImage({ name }: StoredLayout, type: string): Error {
  return unknownImage(`${name} is no image, but of the type ${type}`);
}

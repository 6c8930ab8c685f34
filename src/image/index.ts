/** The image index of several architectures (OCI image specification, "Image Index"). */
import { type Annotations, type Blob, type Descriptor, type ImageIndex, MEDIA_TYPE } from "../model/descriptor.js";
import { asBlob, type Image } from "./manifest.js";

/** The images keep their order: whoever takes the first takes that of the first architecture. */
export function assembleIndex(
  images: readonly Pick<Image, "manifest" | "platform">[],
  annotations: Annotations | undefined,
): Blob {
  const manifests = images.map(({ manifest, platform }): Descriptor => ({ ...manifest.descriptor, platform }));
  const own = annotations === undefined ? {} : { annotations };
  const index: ImageIndex = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests, ...own };
  const blob = asBlob(MEDIA_TYPE.index, Buffer.from(JSON.stringify(index)));
  return { ...blob, descriptor: { ...blob.descriptor, ...own } };
}

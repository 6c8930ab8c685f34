/** Copies an image from one layout to another. */
import { RpmociError } from "../errors.js";
import { ANNOTATION_REF_NAME, type ImageIndex } from "../model/descriptor.js";
import type { LayoutImage } from "../model/layout-image.js";
import { withTag } from "./index-file.js";
import { LayoutTransaction, type NewBlob } from "./layout.js";

/**
 * Adds the image, with what is attached to it, to the layout in a directory, which is made where it is missing. The tags
 * name it from then on, and no other. Blobs share their space with those of the other layout where the file system lets
 * them. Throws an `RpmociError` of kind `output`; the layout is then as it was.
 */
export async function copyIntoLayout(image: LayoutImage, path: string, tags: readonly string[]): Promise<void> {
  const layout = await LayoutTransaction.begin(path);
  try {
    const blobs: NewBlob[] = image.documents.map(({ descriptor, bytes }) => ({ descriptor, bytes }));
    for (const [index, blob] of image.blobs.entries()) {
      blobs.push({ descriptor: blob.descriptor, path: await layout.take(blob, `blob-${index}`) });
    }
    await layout.commitBlobs(blobs, (index) => withImage(index, image, tags));
  } finally {
    await layout.discard();
  }
}

/**
 * Gives the image of a tag more tags, each of which an image that has it loses. Throws an `RpmociError` of kind
 * `output`, and of kind `usage` when there is no such image.
 */
export async function tagImage(path: string, tag: string, tags: readonly string[]): Promise<void> {
  const layout = await LayoutTransaction.begin(path);
  try {
    await layout.commitBlobs([], (index) => {
      const image = index.manifests.find(({ annotations }) => annotations?.[ANNOTATION_REF_NAME] === tag);
      if (image !== undefined) return tags.reduce((changed, name) => withTag(changed, image, name), index);
      throw new RpmociError(`there is no image with the tag ${tag} in ${layout.directory}`, {
        kind: "usage",
        code: "IMAGE_UNKNOWN",
      });
    });
  } finally {
    await layout.discard();
  }
}

function withImage(index: ImageIndex, { top, documents }: LayoutImage, tags: readonly string[]): ImageIndex {
  const attached = documents
    .filter(({ subject }) => subject !== undefined)
    .map(({ descriptor, artifactType, annotations }) => ({
      ...descriptor,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(annotations === undefined ? {} : { annotations }),
    }));
  const untagged = [...(tags.length === 0 ? [top.descriptor] : []), ...attached];
  const known = new Set(index.manifests.map(({ digest }) => digest));
  const manifests = [...index.manifests, ...untagged.filter(({ digest }) => !known.has(digest))];
  return tags.reduce((changed, tag) => withTag(changed, top.descriptor, tag), { ...index, manifests } as ImageIndex);
}

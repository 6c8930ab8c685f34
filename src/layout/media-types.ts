/** What a document of a layout is, by its media type: the image specification's names, and Docker's. */

export const IMAGE_MANIFEST =
  /^application\/vnd\.(?:oci\.image\.manifest\.v1|docker\.distribution\.manifest\.v2)\+json$/;
export const IMAGE_INDEX =
  /^application\/vnd\.(?:oci\.image\.index\.v1|docker\.distribution\.manifest\.list\.v2)\+json$/;
export const IMAGE_CONFIG = /^application\/vnd\.(?:oci\.image\.config\.v1|docker\.container\.image\.v1)\+json$/;

/** Whether it may hold descriptors; no layer is of such a type. */
export function isReferring(mediaType: string): boolean {
  return IMAGE_MANIFEST.test(mediaType) || IMAGE_INDEX.test(mediaType);
}

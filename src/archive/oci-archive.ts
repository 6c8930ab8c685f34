/** An OCI image layout as an archive. */
import { ANNOTATION_REF_NAME, type Descriptor, MEDIA_TYPE } from "../model/descriptor.js";
import type { LayoutImage } from "../model/layout-image.js";
import { compareText } from "../model/nevra.js";
import type { ArchiveEntry } from "./tar.js";

/** Sorted by name. The index has an entry for each tag, and for what is attached to the image. */
export function ociArchiveEntries(image: LayoutImage, tags: readonly string[]): readonly ArchiveEntry[] {
  const { top, documents, blobs } = image;
  const files = new Map<string, ArchiveEntry["content"]>();
  for (const { descriptor, bytes } of documents) files.set(blobName(descriptor), bytes);
  for (const blob of blobs) files.set(blobName(blob.descriptor), blob);
  const folders = new Set(["blobs/", ...[...files.keys()].map((name) => name.replace(/[^/]*$/, ""))]);
  for (const folder of folders) files.set(folder, null);
  const tagged = tags.map((tag) => ({ ...top.descriptor, annotations: { [ANNOTATION_REF_NAME]: tag } }));
  const attached = documents.filter(({ subject }) => subject !== undefined).map(({ descriptor }) => descriptor);
  const manifests = [
    ...(tagged.length === 0 ? [top.descriptor] : tagged),
    ...attached.filter((entry) => entry !== top.descriptor),
  ];
  files.set("index.json", json({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }));
  files.set("oci-layout", json({ imageLayoutVersion: "1.0.0" }));
  return [...files].sort(([a], [b]) => compareText(a, b)).map(([name, content]) => ({ name, content }));
}

function blobName({ digest }: Descriptor): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

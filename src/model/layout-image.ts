/** An image of a layout with all that belongs to it, to be copied elsewhere. */
import type { Descriptor, Digest } from "./descriptor.js";

/** An image manifest, an artifact's, or an index. */
export interface ImageDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  /** What it is about, when it is attached to something (OCI image specification, "subject"). */
  readonly subject: Digest | undefined;
  /** As a list of referrers has them (OCI distribution specification, "Listing Referrers"). */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

export interface ImageBlob {
  readonly descriptor: Descriptor;
  /** The file that has it: of its own, or an archive. */
  readonly path: string;
  /** Where it begins there. */
  readonly start: number;
}

/** One platform's image; artifacts have none. */
export interface PlatformImage {
  readonly manifest: Descriptor;
  readonly config: ImageBlob;
  readonly layers: readonly Descriptor[];
  readonly architecture: string;
}

export interface LayoutImage {
  /** Of `index.json`; sorted. */
  readonly tags: readonly string[];
  /** What the image is known by: its image manifest or index. */
  readonly top: ImageDocument;
  /** What it leads to, itself and what is attached to it; each after those that it refers to. */
  readonly documents: readonly ImageDocument[];
  /** Configurations, layers and contents of artifacts; each once, in the order of the documents. */
  readonly blobs: readonly ImageBlob[];
  readonly platforms: readonly PlatformImage[];
  /** Seconds since the epoch: when the first of its images was made; 0 where none tells. */
  readonly created: number;
}

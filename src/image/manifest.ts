/** The image: configuration and image manifest as bytes with their descriptors. */
import { createHash } from "node:crypto";
import type { Platform } from "../model/architecture.js";
import {
  type Annotations,
  type Blob,
  type ImageConfig,
  type ImageManifest,
  type Layer,
  MEDIA_TYPE,
} from "../model/descriptor.js";

export interface Image {
  readonly config: Blob;
  readonly manifest: Blob;
  readonly layers: readonly Layer[];
  readonly platform: Platform;
}

/**
 * Puts the image manifest together (OCI image specification, "Image Manifest"). Annotations are its own and its
 * descriptor's, so that an index shows them.
 */
export function assembleImage(
  config: ImageConfig,
  layers: readonly Layer[],
  platform: Platform,
  annotations?: Annotations,
): Image {
  const configBlob = blobOf(MEDIA_TYPE.config, config);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: configBlob.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    ...(annotations === undefined ? {} : { annotations }),
  };
  const blob = blobOf(MEDIA_TYPE.manifest, manifest);
  const descriptor = annotations === undefined ? blob.descriptor : { ...blob.descriptor, annotations };
  return { config: configBlob, manifest: { ...blob, descriptor }, layers, platform };
}

function blobOf(mediaType: string, value: unknown): Blob {
  return asBlob(mediaType, Buffer.from(JSON.stringify(value)));
}

export function asBlob(mediaType: string, bytes: Buffer): Blob {
  const digest = createHash("sha256").update(bytes).digest("hex");
  return { bytes, descriptor: { mediaType, digest: `sha256:${digest}`, size: bytes.length } };
}

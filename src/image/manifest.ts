/** The image: configuration and image manifest as bytes with their descriptors. */
import { createHash } from "node:crypto";
import type { Platform } from "../model/architecture.js";
import { type Blob, type ImageConfig, type ImageManifest, type Layer, MEDIA_TYPE } from "../model/descriptor.js";

export interface Image {
  readonly config: Blob;
  readonly manifest: Blob;
  readonly layers: readonly Layer[];
  readonly platform: Platform;
}

/** Puts the image manifest together (OCI image specification, "Image Manifest"). */
export function assembleImage(config: ImageConfig, layers: readonly Layer[], platform: Platform): Image {
  const configBlob = blobOf(MEDIA_TYPE.config, config);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: configBlob.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  };
  return { config: configBlob, manifest: blobOf(MEDIA_TYPE.manifest, manifest), layers, platform };
}

function blobOf(mediaType: string, value: unknown): Blob {
  return asBlob(mediaType, Buffer.from(JSON.stringify(value)));
}

export function asBlob(mediaType: string, bytes: Buffer): Blob {
  const digest = createHash("sha256").update(bytes).digest("hex");
  return { bytes, descriptor: { mediaType, digest: `sha256:${digest}`, size: bytes.length } };
}

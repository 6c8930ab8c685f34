/** Documents about an image, as artifacts that refer to it (OCI image specification, "Guidelines for Artifact Usage"). */
import {
  ANNOTATION_TITLE,
  type Artifact,
  type Descriptor,
  type ImageManifest,
  MEDIA_TYPE,
} from "../model/descriptor.js";
import { asBlob } from "./manifest.js";

export interface ArtifactRequest {
  /** The media type of the document, and the type of the artifact. */
  readonly type: string;
  readonly bytes: Buffer;
  /** The file that other tools put the document into. */
  readonly fileName: string;
  /** Of the image manifest; only its media type, digest and size count. */
  readonly subject: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Equal requests give equal bytes. */
export function assembleArtifact({ type, bytes, fileName, subject, annotations }: ArtifactRequest): Artifact {
  const document = asBlob(type, bytes);
  const config = asBlob(MEDIA_TYPE.empty, Buffer.from("{}"));
  const { mediaType, digest, size } = subject;
  const value: ImageManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType: type,
    config: { ...config.descriptor, data: config.bytes.toString("base64") },
    layers: [{ ...document.descriptor, annotations: { [ANNOTATION_TITLE]: fileName } }],
    subject: { mediaType, digest, size },
    annotations,
  };
  const manifest = asBlob(MEDIA_TYPE.manifest, Buffer.from(JSON.stringify(value)));
  const descriptor = { ...manifest.descriptor, artifactType: type, annotations };
  return { manifest: { ...manifest, descriptor }, subject: digest, blobs: [config, document] };
}

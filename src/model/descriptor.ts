/** OCI image specification: descriptors, the image manifest, the image index, the image configuration. */
import type { Platform } from "./architecture.js";

export const MEDIA_TYPE = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  /** Of the configuration of an artifact that has none. */
  empty: "application/vnd.oci.empty.v1+json",
} as const;

/** By the name of the compression. */
export const LAYER_MEDIA_TYPE = {
  gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  none: "application/vnd.oci.image.layer.v1.tar",
} as const;

/** Of a layer: identifies what its bytes were made from, so that a later build can tell that it would make the same. */
export const ANNOTATION_LAYER_INPUTS = "dev.rpmoci.layer.inputs";

/** Of a layer: identifies the packages that it holds, which are known before it is made. */
export const ANNOTATION_LAYER_PACKAGES = "dev.rpmoci.layer.packages";

/** Of an artifact about an image: identifies what it was made from beside the image. */
export const ANNOTATION_ARTIFACT_INPUTS = "dev.rpmoci.artifact.inputs";

export const ANNOTATION_REF_NAME = "org.opencontainers.image.ref.name";
export const ANNOTATION_CREATED = "org.opencontainers.image.created";
export const ANNOTATION_REVISION = "org.opencontainers.image.revision";
export const ANNOTATION_BASE_NAME = "org.opencontainers.image.base.name";
export const ANNOTATION_BASE_DIGEST = "org.opencontainers.image.base.digest";
export const ANNOTATION_SOURCE = "org.opencontainers.image.source";

export type Annotations = Readonly<Record<string, string>>;

/** The name that a blob has as a file; of an image, what people call it. */
export const ANNOTATION_TITLE = "org.opencontainers.image.title";

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Annotations;
  readonly platform?: Platform;
  /** Of an image manifest that holds an artifact. */
  readonly artifactType?: string;
  /** The bytes themselves, in base64. */
  readonly data?: string;
}

/** A document with its descriptor. */
export interface Blob {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** A document about an image (OCI image specification, "Guidelines for Artifact Usage"): its image manifest has a subject. */
export interface Artifact {
  /** The descriptor says what the artifact is, and has the annotations of the image manifest. */
  readonly manifest: Blob;
  readonly subject: Digest;
  /** What the image manifest refers to. */
  readonly blobs: readonly Blob[];
}

export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType: typeof MEDIA_TYPE.manifest;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}

export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Annotations;
}

export interface ImageConfig extends Platform {
  /** RFC 3339. */
  readonly created: string;
  readonly author?: string;
  readonly config: {
    readonly User?: string;
    readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
    readonly Env: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Volumes?: Readonly<Record<string, Record<string, never>>>;
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly StopSignal?: string;
  };
  readonly rootfs: { readonly type: "layers"; readonly diff_ids: readonly Digest[] };
  readonly history: readonly {
    readonly created?: string;
    readonly created_by?: string;
    /** It has no layer in `rootfs`. */
    readonly empty_layer?: boolean;
  }[];
}

/** A layer blob, with what the image configuration and manifest say about it. */
export interface Layer {
  /** The file that it was written to; undefined when the layout that it is for has it. */
  readonly path: string | undefined;
  readonly diffId: Digest;
  readonly descriptor: Descriptor;
}

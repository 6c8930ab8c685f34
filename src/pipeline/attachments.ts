/** Bills of materials and provenance of an image: made, recognised when they are attached already, written as files. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { assembleArtifact } from "../image/artifact.js";
import type { NewImage } from "../layout/layout.js";
import { ATTACHMENTS, type AttachmentKind, type SbomFormat } from "../model/attachment.js";
import {
  ANNOTATION_ARTIFACT_INPUTS,
  ANNOTATION_TITLE,
  type Artifact,
  type Digest,
  type ImageConfig,
} from "../model/descriptor.js";
import type { Manifest } from "../model/manifest.js";
import { withoutCredentials } from "../model/url.js";
import type { ImageFacts, PackageOrigin } from "../sbom/facts.js";
import type { BuildParameters } from "../sbom/provenance.js";
import { version } from "../version.js";
import type { ImageContents } from "./image-contents.js";

export interface AttachmentOptions {
  /** Attach bills of materials in these formats to the image. */
  readonly sbom?: readonly SbomFormat[];
  /** Whether bills of materials list the packages' files, with digests of what they are in the image. */
  readonly sbomFiles?: boolean;
  /** Attach SLSA provenance. */
  readonly provenance?: boolean;
  /** Write what is attached into this directory, too, as files called after the tag. */
  readonly sbomDirectory?: string | undefined;
}

export interface AttachmentRequest {
  readonly image: Pick<NewImage, "config" | "manifest">;
  readonly options: AttachmentOptions;
  readonly origins: readonly PackageOrigin[];
  readonly parameters: BuildParameters;
  /** Asked for only when something must be made. */
  readonly contents: (withFiles: boolean) => Promise<ImageContents>;
  /** The document of that type that is attached to the image and was made from these inputs; null when there is none. */
  readonly attached: (subject: Digest, type: string, inputs: string) => Promise<Buffer | null>;
}

export interface Attachment {
  readonly kind: AttachmentKind;
  readonly bytes: Buffer;
  readonly artifact: Artifact;
  /** Whether it is not attached yet. */
  readonly isNew: boolean;
}

/** In the order of `ATTACHMENTS`. Equal inputs give equal bytes. Throws what `contents` throws. */
export async function makeAttachments(request: AttachmentRequest): Promise<readonly Attachment[]> {
  const { image, options, attached } = request;
  const subject = image.manifest.descriptor;
  let contents: Promise<ImageContents> | undefined;
  const read = (): Promise<ImageContents> => {
    contents ??= request.contents(options.sbomFiles === true);
    return contents;
  };
  const made: Attachment[] = [];
  for (const kind of wantedKinds(options)) {
    const { mediaType, suffix } = ATTACHMENTS[kind];
    const inputs = inputsOf(kind, request);
    const known = await attached(subject.digest, mediaType, inputs);
    const bytes = known ?? (await makeDocument(kind, await read(), request));
    const annotations = { [ANNOTATION_ARTIFACT_INPUTS]: inputs };
    const fileName = `${kind === "provenance" ? kind : "sbom"}${suffix}`;
    const artifact = assembleArtifact({ type: mediaType, bytes, fileName, subject, annotations });
    made.push({ kind, bytes, artifact, isNew: known === null });
  }
  return made;
}

function wantedKinds({ sbom = [], provenance = false }: AttachmentOptions): readonly AttachmentKind[] {
  const kinds = Object.keys(ATTACHMENTS) as AttachmentKind[];
  return kinds.filter((kind) => (kind === "provenance" ? provenance : sbom.includes(kind)));
}

/** Identifies all that a document is made from, but for the image. */
function inputsOf(kind: AttachmentKind, { options, origins, parameters }: AttachmentRequest): string {
  const own = kind === "provenance" ? parameters : options.sbomFiles === true;
  return createHash("sha256")
    .update(JSON.stringify([version(), kind, origins, own]))
    .digest("hex");
}

async function makeDocument(
  kind: AttachmentKind,
  contents: ImageContents,
  { image, origins, parameters }: AttachmentRequest,
): Promise<Buffer> {
  const facts = factsOf(image);
  if (kind !== "provenance") return makeBill(kind, facts, contents, origins);
  const { provenanceStatement } = await import("../sbom/provenance.js");
  return provenanceStatement({
    image: facts,
    osRelease: contents.osRelease,
    parameters,
    origins,
    toolVersion: version(),
  });
}

/** A bill of materials as bytes: the same for the same arguments. */
export async function makeBill(
  format: SbomFormat,
  image: ImageFacts,
  { osRelease, packages, files }: ImageContents,
  origins: readonly PackageOrigin[],
): Promise<Buffer> {
  const { billOf } = await import("../sbom/bill.js");
  const bill = billOf({ image, osRelease, packages, files, origins, toolVersion: version() });
  if (format === "spdx") return (await import("../sbom/spdx.js")).spdxDocument(bill);
  return (await import("../sbom/cyclonedx.js")).cyclonedxDocument(bill);
}

function factsOf({ config, manifest }: AttachmentRequest["image"]): ImageFacts {
  return imageFacts(manifest.descriptor.digest, JSON.parse(config.bytes.toString()));
}

/** Images of other tools need not say when they were made. */
export function imageFacts(
  digest: Digest,
  config: Pick<ImageConfig, "config"> & { readonly created?: string },
): ImageFacts {
  const time = new Date(config.created ?? 0);
  const created = Number.isNaN(time.getTime()) ? new Date(0) : time;
  return {
    digest,
    title: config.config?.Labels?.[ANNOTATION_TITLE] || undefined,
    created: created.toISOString().replace(/\.\d{3}Z$/, "Z"),
  };
}

/** `lockfile` is the lockfile's text. */
export async function buildParameters(
  manifest: Manifest,
  lockfile: string | Buffer,
  labels: Readonly<Record<string, string>>,
): Promise<BuildParameters> {
  const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
  return {
    manifestDigest: sha256(await readFile(manifest.path)),
    lockfileDigest: sha256(lockfile),
    repositories: manifest.repositories.map((repository) =>
      repository.kind === "url"
        ? { id: repository.id, url: withoutCredentials(repository.url) }
        : { id: repository.id },
    ),
    packages: manifest.packages,
    exclude: manifest.exclude,
    labels,
  };
}

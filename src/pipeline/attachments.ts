/** Bills of materials and provenance of an image: made, recognised when they are attached already, written as files. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Emit } from "../events.js";
import { assembleArtifact } from "../image/artifact.js";
import type { NewImage } from "../layout/layout.js";
import { attachedDocument } from "../layout/referrers.js";
import { formatLockfile } from "../lockfile/write.js";
import { findLocalPackages } from "../manifest/local-packages.js";
import { ATTACHMENTS, type AttachmentKind, type SbomFormat } from "../model/attachment.js";
import {
  ANNOTATION_ARTIFACT_INPUTS,
  ANNOTATION_TITLE,
  type Artifact,
  type Digest,
  type ImageConfig,
} from "../model/descriptor.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { withoutCredentials } from "../model/url.js";
import type { ImageFacts, PackageOrigin } from "../sbom/facts.js";
import type { BuildParameters } from "../sbom/provenance.js";
import { version } from "../version.js";
import type { ImageContents } from "./image-contents.js";
import { originsOf } from "./package-origins.js";
import { PendingDocuments } from "./pending-documents.js";

export interface AttachmentOptions {
  /** Attach bills of materials in these formats to the image. */
  readonly sbom?: readonly SbomFormat[];
  /** Whether bills of materials list the packages' files, with digests of what they are in the image. */
  readonly sbomFiles?: boolean;
  /** Attach SLSA provenance. */
  readonly provenance?: boolean;
  /** SLSA's `builder.id` in the provenance, a URI; the tool itself if absent. */
  readonly builderId?: string | undefined;
  /** Write what is attached into this directory, too, as files called after the tag. */
  readonly sbomDirectory?: string | undefined;
}

export interface AttachmentRequest {
  readonly manifest: Manifest;
  readonly lock: Lockfile;
  /** The lockfile is not written yet; the one that may be there is another. */
  readonly changed: boolean;
  readonly image: Pick<NewImage, "config" | "manifest">;
  readonly options: AttachmentOptions & {
    readonly layout: string;
    readonly tag: string;
    readonly labels?: Readonly<Record<string, string>>;
    /** Use what is attached already; true by default. */
    readonly cache?: boolean;
  };
  /** Asked for only when something must be made. */
  readonly contents: (withFiles: boolean) => Promise<ImageContents>;
}

interface Attachment {
  readonly kind: AttachmentKind;
  readonly bytes: Buffer;
  readonly artifact: Artifact;
  /** Whether it is not attached yet. */
  readonly isNew: boolean;
}

/** What the options ask for, to be committed with the image. Equal inputs give equal bytes. */
export class PendingAttachments {
  private constructor(
    readonly attachments: readonly Attachment[],
    readonly files: PendingDocuments | null,
  ) {}

  /**
   * Makes the documents, but for those that are attached already, and writes files beside those that are there. Throws what
   * `contents` throws, and an `RpmociError` of kind `output` for files that cannot be written.
   */
  static async prepare(request: AttachmentRequest): Promise<PendingAttachments> {
    const attachments = await makeAttachments(request);
    const { sbomDirectory, tag } = request.options;
    if (sbomDirectory === undefined) return new PendingAttachments(attachments, null);
    // A tag may have what separates directories.
    const name = tag.replace(/[/:]/g, "-");
    const documents = attachments.map(({ kind, bytes }) => ({ name: `${name}${ATTACHMENTS[kind].suffix}`, bytes }));
    return new PendingAttachments(attachments, await PendingDocuments.prepare(sbomDirectory, documents));
  }

  /** All of them, those that are attached already included. */
  get artifacts(): readonly Artifact[] {
    return this.attachments.map(({ artifact }) => artifact);
  }

  get areNew(): boolean {
    return this.attachments.some(({ isNew }) => isNew);
  }

  /** Once the artifacts are in the layout. Throws an `RpmociError` of kind `output`. */
  async commit(emit: Emit): Promise<void> {
    await this.files?.commit();
    const documents = this.attachments.filter(({ isNew }) => isNew).map(({ kind }) => ATTACHMENTS[kind].name);
    if (documents.length > 0) emit({ type: "documents-attached", documents });
  }

  /** Idempotent; without effect after `commit`. */
  async discard(): Promise<void> {
    await this.files?.discard();
  }
}

/** In the order of `ATTACHMENTS`. */
async function makeAttachments(request: AttachmentRequest): Promise<readonly Attachment[]> {
  const { image, options } = request;
  const kinds = wantedKinds(options);
  if (kinds.length === 0) return [];
  const subject = image.manifest.descriptor;
  const origins = await originsOf(request.lock, await findLocalPackages(request.manifest, "fail"));
  const parameters = await parametersOf(request);
  let reading: Promise<ImageContents> | undefined;
  const made: Attachment[] = [];
  for (const kind of kinds) {
    const { mediaType, suffix } = ATTACHMENTS[kind];
    const own = kind === "provenance" ? [parameters, options.builderId ?? null] : options.sbomFiles === true;
    const inputs = sha256(JSON.stringify([version(), kind, origins, own]));
    const known =
      options.cache === false ? null : await attachedDocument(options.layout, subject.digest, mediaType, inputs);
    const make = async (): Promise<Buffer> => {
      reading ??= request.contents(options.sbomFiles === true);
      const facts = imageFacts(subject.digest, JSON.parse(image.config.bytes.toString()));
      const contents = await reading;
      return kind === "provenance"
        ? makeProvenance(facts, contents, origins, parameters, options.builderId)
        : makeBill(kind, facts, contents, origins);
    };
    const bytes = known ?? (await make());
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

async function makeProvenance(
  image: ImageFacts,
  { osRelease }: ImageContents,
  origins: readonly PackageOrigin[],
  parameters: BuildParameters,
  builderId: string | undefined,
): Promise<Buffer> {
  const { provenanceStatement } = await import("../sbom/provenance.js");
  return provenanceStatement({ image, osRelease, parameters, origins, toolVersion: version(), builderId });
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

async function parametersOf({ manifest, lock, changed, options }: AttachmentRequest): Promise<BuildParameters> {
  return {
    manifestDigest: sha256(await readFile(manifest.path)),
    lockfileDigest: sha256(changed ? formatLockfile(lock) : await readFile(manifest.lockfilePath)),
    repositories: manifest.repositories.map((repository) =>
      repository.kind === "url"
        ? { id: repository.id, url: withoutCredentials(repository.url) }
        : { id: repository.id },
    ),
    packages: manifest.packages,
    exclude: manifest.exclude,
    labels: options.labels ?? {},
  };
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

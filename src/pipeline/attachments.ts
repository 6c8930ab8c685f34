/** Bills of materials and provenance of an image: made, recognised when they are attached already, written as files. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
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
  type Descriptor,
  type Digest,
  type ImageConfig,
} from "../model/descriptor.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { compareNevra } from "../model/nevra.js";
import { withoutCredentials } from "../model/url.js";
import type { ImageFacts, PackageOrigin } from "../sbom/facts.js";
import type { BuildParameters } from "../sbom/provenance.js";
import { version } from "../version.js";
import { publicName } from "./base-image.js";
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

/** Something in the layout that documents are about: an image, or the index of those for several architectures. */
export interface AttachmentSubject {
  readonly descriptor: Descriptor;
  /** Files are called so, with a suffix for each kind. */
  readonly fileName: string;
  /** What a document of this kind is made from beside the subject: of equal inputs, the bytes are equal. */
  readonly inputsOf: (kind: AttachmentKind) => unknown;
  /** Called only where the document is not attached already. */
  readonly make: (kind: AttachmentKind) => Promise<Buffer>;
}

interface Attachment {
  readonly kind: AttachmentKind;
  readonly bytes: Buffer;
  readonly artifact: Artifact;
  /** Whether it is not attached yet. */
  readonly isNew: boolean;
}

/** What the options ask for about one subject, to be committed with it. Equal inputs give equal bytes. */
export class PendingAttachments {
  private constructor(
    readonly subject: Digest,
    readonly attachments: readonly Attachment[],
    readonly files: PendingDocuments | null,
  ) {}

  /**
   * Makes the documents, but for those that are attached already, and writes files beside those that are there. Throws what
   * the subject's `make` throws, and an `RpmociError` of kind `output` for files that cannot be written.
   */
  static async prepare(
    subject: AttachmentSubject,
    options: AttachmentOptions & { readonly layout: string; readonly cache?: boolean },
  ): Promise<PendingAttachments> {
    const attachments: Attachment[] = [];
    for (const kind of wantedKinds(options)) attachments.push(await makeAttachment(kind, subject, options));
    const documents = attachments.map(({ kind, bytes }) => ({
      name: `${subject.fileName}${ATTACHMENTS[kind].suffix}`,
      bytes,
    }));
    const { sbomDirectory } = options;
    const files = sbomDirectory === undefined ? null : await PendingDocuments.prepare(sbomDirectory, documents);
    return new PendingAttachments(subject.descriptor.digest, attachments, files);
  }

  /** All of them, those that are attached already included. */
  get artifacts(): readonly Artifact[] {
    return this.attachments.map(({ artifact }) => artifact);
  }

  get newKinds(): readonly AttachmentKind[] {
    return this.attachments.filter(({ isNew }) => isNew).map(({ kind }) => kind);
  }

  /** Once the artifacts are in the layout. Throws an `RpmociError` of kind `output`. */
  async commit(): Promise<void> {
    await this.files?.commit();
  }

  /** Idempotent; without effect after `commit`. */
  async discard(): Promise<void> {
    await this.files?.discard();
  }
}

async function makeAttachment(
  kind: AttachmentKind,
  { descriptor, inputsOf, make }: AttachmentSubject,
  { layout, cache = true }: { readonly layout: string; readonly cache?: boolean },
): Promise<Attachment> {
  const { mediaType, suffix } = ATTACHMENTS[kind];
  const inputs = sha256(JSON.stringify([version(), kind, inputsOf(kind)]));
  const known = cache ? await attachedDocument(layout, descriptor.digest, mediaType, inputs) : null;
  const bytes = known ?? (await make(kind));
  const annotations = { [ANNOTATION_ARTIFACT_INPUTS]: inputs };
  const fileName = `${kind === "provenance" ? kind : "sbom"}${suffix}`;
  const artifact = assembleArtifact({ type: mediaType, bytes, fileName, subject: descriptor, annotations });
  return { kind, bytes, artifact, isNew: known === null };
}

export interface AttachmentRequest {
  readonly manifest: Manifest;
  /** The whole lockfile, and whether it is not written yet; the one that may be there is another then. */
  readonly lockfile: Lockfile;
  readonly changed: boolean;
  readonly options: AttachmentOptions & {
    readonly tag: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

export interface ImageAttachmentRequest extends AttachmentRequest {
  /** The part of the image's architecture. */
  readonly lock: Lockfile;
  readonly image: Pick<NewImage, "config" | "manifest" | "platform">;
  readonly contents: (withFiles: boolean) => Promise<ImageContents>;
}

/** An image; one of several that an index has when `isOneOfSeveral`. */
export async function imageSubject(
  request: ImageAttachmentRequest,
  isOneOfSeveral: boolean,
): Promise<AttachmentSubject> {
  const { image, options, lock, manifest } = request;
  const { sbomFiles = false, builderId } = options;
  const origins = await originsOf(lock, await findLocalPackages(manifest, "fail"));
  const parameters = await parametersOf(request, [request.lock]);
  const { descriptor } = image.manifest;
  const facts = imageFacts(descriptor.digest, JSON.parse(image.config.bytes.toString()));
  let reading: Promise<ImageContents> | undefined;
  return {
    descriptor,
    fileName: `${fileNameOf(options.tag)}${isOneOfSeveral ? `-${image.platform.architecture}` : ""}`,
    inputsOf: (kind) => [origins, kind === "provenance" ? [parameters, builderId ?? null] : sbomFiles],
    make: async (kind) => {
      reading ??= request.contents(sbomFiles);
      const contents = await reading;
      return kind === "provenance"
        ? makeProvenance(facts, contents.osRelease, origins, parameters, builderId)
        : makeBill(kind, facts, contents, origins);
    },
  };
}

export interface IndexAttachmentRequest extends AttachmentRequest {
  readonly index: Descriptor;
  /** With the part of the lockfile that each is made of, and the manifest as it is for it. */
  readonly platforms: readonly { readonly image: NewImage; readonly lock: Lockfile; readonly manifest: Manifest }[];
}

/** The index: its bill of materials lists the images, each of which has its own; its provenance has all packages. */
export async function indexSubject(request: IndexAttachmentRequest): Promise<AttachmentSubject> {
  const { index, platforms, options } = request;
  const origins: PackageOrigin[] = [];
  for (const { lock, manifest } of platforms) {
    origins.push(...(await originsOf(lock, await findLocalPackages(manifest, "fail"))));
  }
  const distinct = [...new Map(origins.map((origin) => [JSON.stringify(origin), origin])).values()].sort(compareNevra);
  const locks = platforms.map(({ lock }) => lock);
  const parameters = await parametersOf(request, locks);
  const images = platforms.map(({ image }) => ({
    facts: imageFacts(image.manifest.descriptor.digest, JSON.parse(image.config.bytes.toString())),
    platform: image.platform,
  }));
  const facts = { ...images[0]?.facts, digest: index.digest } as ImageFacts;
  return {
    descriptor: index,
    fileName: fileNameOf(options.tag),
    inputsOf: (kind) => (kind === "provenance" ? [distinct, parameters, options.builderId ?? null] : images),
    make: async (kind) => {
      if (kind === "provenance") return makeProvenance(facts, null, distinct, parameters, options.builderId);
      const bill = { image: facts, images, toolVersion: version() };
      if (kind === "spdx") return (await import("../sbom/spdx-index.js")).spdxIndexDocument(bill);
      return (await import("../sbom/cyclonedx-index.js")).cyclonedxIndexDocument(bill);
    },
  };
}

/** A tag may have what separates directories. */
function fileNameOf(tag: string): string {
  return tag.replace(/[/:]/g, "-");
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
  osRelease: string | null,
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

async function parametersOf(
  { manifest, lockfile, changed, options }: AttachmentRequest,
  locks: readonly Pick<Lockfile, "base">[],
): Promise<BuildParameters> {
  const bases = locks.flatMap(({ base }) =>
    base === undefined ? [] : [{ image: base.image, publicName: publicName(base.image), digest: base.digest }],
  );
  return {
    manifestDigest: sha256(await readFile(manifest.path)),
    lockfileDigest: sha256(changed ? formatLockfile(lockfile) : await readFile(manifest.lockfilePath)),
    repositories: manifest.repositories.map((repository) =>
      repository.kind === "url"
        ? { id: repository.id, url: withoutCredentials(repository.url) }
        : { id: repository.id },
    ),
    packages: manifest.packages,
    exclude: manifest.exclude,
    bases,
    labels: options.labels ?? {},
  };
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** What a build has made, until it is committed: images, documents about them, the lockfile. */
import type { Emit } from "../events.js";
import { imageAnnotations } from "../image/annotations.js";
import { assembleIndex } from "../image/index.js";
import type { LayoutTransaction } from "../layout/layout.js";
import { lockArchitecture } from "../lockfile/parts.js";
import { ATTACHMENTS } from "../model/attachment.js";
import type { Annotations, Blob, Digest, ImageConfig } from "../model/descriptor.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import {
  type AttachmentOptions,
  type AttachmentRequest,
  type AttachmentSubject,
  imageSubject,
  indexSubject,
  PendingAttachments,
} from "./attachments.js";
import { PendingLockfile } from "./lockfile-writer.js";
import type { PlatformImage } from "./platform-image.js";

/** The image for one architecture. */
export interface ArchitectureImage extends PlatformImage {
  /** As it is for this architecture. */
  readonly manifest: Manifest;
  /** Of this architecture. */
  readonly lock: Lockfile;
}

export interface PendingBuildOptions extends AttachmentOptions {
  readonly layout: string;
  readonly tag: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly cache?: boolean;
}

export class PendingBuild {
  readonly #request: AttachmentRequest;
  readonly #images: ArchitectureImage[] = [];
  readonly #attachments: PendingAttachments[] = [];
  #lockfile: PendingLockfile | null = null;
  #index: Blob | null = null;

  /** `changed`: the lockfile is to be written. `isIndex`: there will be several images. */
  constructor(
    manifest: Manifest,
    readonly lockfile: Lockfile,
    changed: boolean,
    readonly isIndex: boolean,
    /** Of several places; the later win. */
    readonly annotations: readonly (Annotations | undefined)[],
    readonly options: PendingBuildOptions,
  ) {
    this.#request = { manifest, lockfile, changed, options };
  }

  get images(): readonly ArchitectureImage[] {
    return this.#images;
  }

  get attachments(): readonly PendingAttachments[] {
    return this.#attachments;
  }

  /** Of what the tag will name. */
  get digest(): Digest {
    const digest = this.#index?.descriptor.digest ?? this.#images[0]?.image.manifest.descriptor.digest;
    if (digest === undefined) throw new Error("there is no image yet");
    return digest;
  }

  /** With the documents about it; what it is made of is not needed any more then. Throws an `RpmociError`. */
  async add(image: ArchitectureImage): Promise<void> {
    const { lock, contents, manifest } = image;
    this.#images.push(image);
    const request = { ...this.#request, manifest, lock, image: image.image, contents };
    await this.#attach(() => imageSubject(request, this.isIndex));
  }

  /** After the last image: the index, and the lockfile beside the one that may be there. Throws an `RpmociError`. */
  async finish(): Promise<void> {
    if (this.isIndex) {
      const images = this.#images.map(({ image }) => image);
      const times = images.map(({ config }) => creationTime(JSON.parse(config.bytes.toString())));
      const index = assembleIndex(images, imageAnnotations(this.annotations, Math.max(...times)));
      this.#index = index;
      const platforms = this.#images;
      await this.#attach(() => indexSubject({ ...this.#request, index: index.descriptor, platforms }));
    }
    const { manifest, lockfile, changed } = this.#request;
    if (changed) this.#lockfile = await PendingLockfile.prepare(manifest.lockfilePath, lockfile);
  }

  async #attach(subject: () => Promise<AttachmentSubject>): Promise<void> {
    const { sbom = [], provenance = false } = this.options;
    if (sbom.length === 0 && !provenance) return;
    this.#attachments.push(await PendingAttachments.prepare(await subject(), this.options));
  }

  /** To the layout, whatever it has already. Throws an `RpmociError` of kind `output`. */
  async commit(layout: LayoutTransaction): Promise<void> {
    const images = this.#images.map(({ image }) => image);
    const artifacts = this.#attachments.flatMap((attachments) => attachments.artifacts);
    await layout.commit({ images, index: this.#index }, this.options.tag, artifacts);
  }

  /** Once the layout has everything: documents that are written as files, too, and the lockfile. */
  async commitFiles(emit: Emit): Promise<void> {
    for (const attachments of this.#attachments) await attachments.commit();
    const kinds = new Set(this.#attachments.flatMap(({ newKinds }) => newKinds));
    if (kinds.size > 0)
      emit({ type: "documents-attached", documents: [...kinds].map((kind) => ATTACHMENTS[kind].name) });
    if (this.#lockfile === null) return;
    await this.#lockfile.commit();
    emit({ type: "lockfile-written", path: this.#lockfile.path });
  }

  /** Idempotent; without effect after `commit`. */
  async discard(): Promise<void> {
    for (const attachments of this.#attachments) await attachments.discard();
    await this.#lockfile?.discard();
  }

  /** What a build returns of it. */
  get result(): {
    readonly tag: string;
    readonly digest: Digest;
    readonly images: readonly { readonly arch: string; readonly digest: Digest }[];
    readonly lockfile: Lockfile;
  } {
    const images = this.#images.map(({ lock, image }) => ({
      arch: lockArchitecture(lock),
      digest: image.manifest.descriptor.digest,
    }));
    return { tag: this.options.tag, digest: this.digest, images, lockfile: this.lockfile };
  }
}

/** Seconds since the epoch. */
function creationTime({ created }: ImageConfig): number {
  return Math.floor(Date.parse(created) / 1000);
}

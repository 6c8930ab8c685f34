/** Artifacts that refer to images of a layout (OCI image specification, "subject"): entries of its index, without a tag. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import {
  ANNOTATION_ARTIFACT_INPUTS,
  ANNOTATION_REF_NAME,
  type Artifact,
  type Descriptor,
  type Digest,
  type ImageManifest,
  MEDIA_TYPE,
} from "../model/descriptor.js";
import { blobFile } from "./blob-file.js";
import { readDocument } from "./document.js";
import { readIndex } from "./index-file.js";
import { isReferring } from "./media-types.js";
import { readVerified } from "./read-verified.js";

export interface Reachable {
  /** Digests of all blobs that entries of the index lead to, referrers to these among them. */
  readonly needed: ReadonlySet<string>;
  /** Entries without a tag that are about something which nothing leads to. */
  readonly orphans: ReadonlySet<Descriptor>;
}

/**
 * What an index leads to. An artifact that has no tag stays as long as its subject does, and does not keep it. Throws what
 * reading a referenced document throws.
 */
export async function reachable(directory: string, manifests: readonly Descriptor[]): Promise<Reachable> {
  const needed = new Set<string>();
  let referrers: (readonly [Descriptor, Digest])[] = [];
  for (const entry of manifests) {
    const subject = isTagged(entry) ? null : await subjectOf(directory, entry);
    if (subject === null) await reach(directory, entry, needed);
    else referrers.push([entry, subject]);
  }
  // There may be referrers to referrers.
  for (let found = true; found; ) {
    const next = referrers.filter(([, subject]) => needed.has(subject));
    referrers = referrers.filter(([, subject]) => !needed.has(subject));
    for (const [entry] of next) await reach(directory, entry, needed);
    found = next.length > 0;
  }
  return { needed, orphans: new Set(referrers.map(([entry]) => entry)) };
}

/** Adds the digests of all that `descriptor` leads to. */
async function reach(directory: string, { digest, mediaType }: Descriptor, needed: Set<string>): Promise<void> {
  if (needed.has(digest)) return;
  needed.add(digest);
  if (!isReferring(mediaType)) return;
  const document = JSON.parse((await readDocument(blobFile(directory, digest))).toString());
  const { config, layers, manifests, subject } = document;
  // Go's tools write null for lists without entries.
  for (const descriptor of [config, subject, ...(layers ?? []), ...(manifests ?? [])]) {
    // A subject need not be there, nor what an index of several platforms names.
    const isThere = descriptor && (await stat(blobFile(directory, descriptor.digest)).catch(() => null));
    if (isThere) await reach(directory, descriptor, needed);
  }
}

/**
 * The entries of an index with artifacts in the place of those of the same types that this tool made of the same subjects,
 * and without those that it made of images that the index has no more. `artifacts` has every image that comes, be there
 * artifacts about it or not; the images themselves need not be there yet.
 */
export async function withArtifacts(
  directory: string,
  manifests: readonly Descriptor[],
  artifacts: ReadonlyMap<Digest, readonly Artifact[]>,
): Promise<readonly Descriptor[]> {
  const orphans = await orphansAmong(directory, manifests, artifacts);
  const kept = await Promise.all(
    manifests.map(async (entry) => {
      if (!isOurs(entry) || isTagged(entry)) return true;
      const subject = await subjectOf(directory, entry).catch(() => null);
      const replacing = subject === null ? undefined : artifacts.get(subject);
      if (replacing === undefined) return !orphans.has(entry);
      return replacing.every(({ manifest }) => manifest.descriptor.artifactType !== entry.artifactType);
    }),
  );
  const added = [...artifacts.values()].flat().map(({ manifest }) => manifest.descriptor);
  return [...manifests.filter((_, index) => kept[index]), ...added];
}

/** None where that cannot be told; garbage collection will say why. */
async function orphansAmong(
  directory: string,
  manifests: readonly Descriptor[],
  coming: ReadonlyMap<Digest, unknown>,
): Promise<ReadonlySet<Descriptor>> {
  if (!manifests.some(isOurs)) return new Set();
  const others = manifests.filter(({ digest }) => !coming.has(digest));
  return reachable(directory, others).then(
    ({ orphans }) => orphans,
    () => new Set(),
  );
}

/**
 * The document of an artifact that this tool attached to an image of a layout, if it was made from these inputs and is
 * whole; else null. Throws an `RpmociError` of kind `output` for an index that cannot be read.
 */
export async function attachedDocument(
  path: string,
  subject: Digest,
  type: string,
  inputs: string,
): Promise<Buffer | null> {
  const directory = resolve(path);
  const { manifests } = await readIndex(directory);
  const entries = manifests.filter(
    ({ artifactType, annotations }) => artifactType === type && annotations?.[ANNOTATION_ARTIFACT_INPUTS] === inputs,
  );
  for (const { digest } of entries) {
    try {
      const manifest: ImageManifest = JSON.parse((await readVerified(directory, digest)).toString());
      const [layer] = manifest.layers;
      if (manifest.subject?.digest !== subject || layer === undefined) continue;
      return await readVerified(directory, layer.digest, Number.POSITIVE_INFINITY);
    } catch {
      // It will be made anew.
    }
  }
  return null;
}

function isTagged({ annotations }: Descriptor): boolean {
  return annotations?.[ANNOTATION_REF_NAME] !== undefined;
}

function isOurs({ annotations }: Descriptor): boolean {
  return annotations?.[ANNOTATION_ARTIFACT_INPUTS] !== undefined;
}

/** What an image manifest or an index is about; null for an image, and for what is neither. */
async function subjectOf(directory: string, { digest, mediaType }: Descriptor): Promise<Digest | null> {
  if (mediaType !== MEDIA_TYPE.manifest && mediaType !== MEDIA_TYPE.index) return null;
  const { subject } = JSON.parse((await readDocument(blobFile(directory, digest))).toString());
  return subject?.digest ?? null;
}

/** The image that a manifest builds on: finds it, and brings it from a registry into the cache. */
import { dirname, resolve } from "node:path";
import { parsePullReference } from "../destination/parse.js";
import { RpmociError } from "../errors.js";
import { MissingOffline } from "../fetch/offline.js";
import { Store, WrongChecksum } from "../fetch/store.js";
import {
  type BaseBlobs,
  blobsOf,
  chooseForPlatform,
  findInLayout,
  openBaseImage,
  openFileBlobs,
  openLayoutBlobs,
} from "../layout/base-image.js";
import { damaged } from "../layout/image-faults.js";
import { type ImageReference, parseImageReference } from "../layout/image-reference.js";
import { type Platform, platformOf } from "../model/architecture.js";
import { cacheFolders } from "../model/cache-folders.js";
import { type Descriptor, type Digest, MEDIA_TYPE } from "../model/descriptor.js";
import type { Repository } from "../model/destination.js";
import type { BaseImage } from "../model/image-tree.js";
import type { LockedBase, LockedPart } from "../model/lockfile.js";
import { isRegistryImage, type Manifest } from "../model/manifest.js";
import type { RegistryClient } from "../registry/registry-client.js";
import type { Context } from "./options.js";

/** Blobs that are pulled at a time. */
const CONCURRENT = 4;

/**
 * The base image for an architecture as it is now, wherever its tag leads; null when the manifest names none. Throws an
 * `RpmociError`: of kind `fetch` when it cannot be had, of kind `verify` when it is damaged, of kind `manifest` when it is for
 * other architectures only.
 */
export async function findBase(manifest: Manifest, arch: string, context: Context): Promise<BaseImage | null> {
  const { baseImage: image } = manifest;
  if (image === undefined) return null;
  const platform = platformOf(arch);
  if (isRegistryImage(image)) return pullBase(image, null, platform, context);
  const reference = placeOf(image, manifest);
  const blobs = await openLayoutBlobs(reference.path, image);
  const { descriptor, index } = await chooseForPlatform(await findInLayout(reference, image), platform, blobs);
  return openBaseImage(descriptor.digest, index, platform, blobs);
}

/** As `findBase`, the image that was locked, whatever its tag is now. */
export async function openLockedBase(
  manifest: Manifest,
  { base }: Pick<LockedPart, "base">,
  arch: string,
  context: Context,
): Promise<BaseImage | null> {
  if (base === undefined) return null;
  const { image, digest, index } = base;
  const platform = platformOf(arch);
  if (isRegistryImage(image)) return pullBase(image, base, platform, context);
  const blobs = await openLayoutBlobs(placeOf(image, manifest).path, image);
  return openBaseImage(digest, index, platform, blobs);
}

function placeOf(image: string, manifest: Manifest): ImageReference {
  const rest = image.replace(/^oci(-archive)?:/, "");
  return parseImageReference(resolve(dirname(manifest.path), rest));
}

/** What the image is called where others can find it; undefined for one on this machine. */
export function publicName(image: string): string | undefined {
  return isRegistryImage(image) ? image.replace(/^(?:registry:|docker:\/\/)/, "") : undefined;
}

async function pullBase(
  image: string,
  locked: LockedBase | null,
  platform: Platform,
  context: Context,
): Promise<BaseImage> {
  const { repository, tag = "", digest } = parsePullReference(image);
  const pull = new BasePull(image, repository, context);
  try {
    const top = await pull.document(locked?.digest ?? digest ?? tag);
    const chosen =
      locked === null ? await chooseForPlatform(top, platform, pull.blobs) : { descriptor: top, index: locked.index };
    await pull.document(chosen.descriptor.digest);
    await pull.fetch(await blobsOf(chosen.descriptor.digest, pull.blobs));
    return await openBaseImage(chosen.descriptor.digest, chosen.index, platform, pull.blobs);
  } finally {
    await pull.close();
  }
}

/** Brings what the cache lacks of an image; the registry is asked for nothing else. */
class BasePull {
  readonly blobs: BaseBlobs;
  readonly #store: Store;
  #client: Promise<RegistryClient> | undefined;

  constructor(
    private readonly image: string,
    private readonly repository: Repository,
    private readonly context: Context,
  ) {
    this.#store = new Store(cacheFolders(context.cacheDirectory).bases);
    this.blobs = openFileBlobs(image, (digest) => this.#store.pathOf(checksumOf(digest)));
  }

  /** An image manifest or index, of a digest or a tag, which is in the cache then. */
  async document(reference: string): Promise<Descriptor> {
    const known = isDigest(reference) ? await this.#store.find(checksumOf(reference)) : null;
    if (known !== null && isDigest(reference)) return described(reference, await this.blobs.document(reference));
    const { pullManifest } = await import("../registry/pull-image.js");
    const { descriptor, bytes } = await pullManifest(await this.#open(), reference);
    const { Readable } = await import("node:stream");
    await this.#store.add(checksumOf(descriptor.digest), Readable.from([bytes]));
    return described(descriptor.digest, bytes);
  }

  async fetch(descriptors: readonly Descriptor[]): Promise<void> {
    const missing: Descriptor[] = [];
    for (const descriptor of new Map(descriptors.map((entry) => [entry.digest, entry])).values()) {
      if ((await this.#store.find(checksumOf(descriptor.digest))) === null) missing.push(descriptor);
    }
    if (missing.length === 0) return;
    const client = await this.#open();
    const { emit, cacheDirectory } = this.context;
    const bytes = missing.reduce((sum, { size }) => sum + size, 0);
    emit({ type: "base-pulled", image: this.image, blobs: missing.length, bytes });
    const [{ default: pMap }, { pullBlob }, { PushRecords }] = await Promise.all([
      import("p-map"),
      import("../registry/pull-image.js"),
      import("../registry/push-records.js"),
    ]);
    const records = new PushRecords(cacheFolders(cacheDirectory).pushes);
    const take = async (descriptor: Descriptor): Promise<void> => {
      const { digest } = descriptor;
      try {
        await this.#store.addBy(checksumOf(digest), (partial) => pullBlob(client, descriptor, partial));
      } catch (error) {
        if (error instanceof WrongChecksum) throw damaged(this.image, digest, error.message, error);
        throw error;
      }
      // A push of what is built on it takes it from there.
      await records.writeRepository(this.repository, digest);
    };
    await pMap(missing, take, { concurrency: CONCURRENT });
  }

  #open(): Promise<RegistryClient> {
    const { environment, emit, signal, offline, plainHttp } = this.context;
    if (offline) throw new MissingOffline([`the base image ${this.image}`]);
    this.#client ??= import("../registry/registry-client.js").then(({ RegistryClient }) =>
      RegistryClient.open(this.repository, { environment, emit, signal, plainHttp, access: "pull" }),
    );
    return this.#client;
  }

  async close(): Promise<void> {
    await (await this.#client?.catch(() => undefined))?.close();
  }
}

function isDigest(text: string): text is Digest {
  return text.startsWith("sha256:");
}

function checksumOf(digest: Digest): { readonly algorithm: "sha256"; readonly value: string } {
  return { algorithm: "sha256", value: digest.slice("sha256:".length) };
}

/** A document says what it is, or else it is told by what it has. */
function described(digest: Digest, bytes: Buffer): Descriptor {
  let document: { readonly mediaType?: unknown; readonly manifests?: unknown } | null = null;
  try {
    document = JSON.parse(bytes.toString());
  } catch {
    // Whoever reads it next says what is wrong.
  }
  const own = document?.mediaType;
  const mediaType =
    typeof own === "string" ? own : Array.isArray(document?.manifests) ? MEDIA_TYPE.index : MEDIA_TYPE.manifest;
  return { mediaType, digest, size: bytes.length };
}

/** What is locked of a base image. Throws an `RpmociError` for digests of an algorithm that lockfiles have no place for. */
export function lockOfBase(image: string, { digest, index }: BaseImage): LockedBase {
  for (const each of [digest, index]) {
    if (each === undefined || isDigest(each)) continue;
    throw new RpmociError(`the base image ${image} has the digest ${each}, and only SHA-256 is known`, {
      kind: "manifest",
      code: "BASE_INVALID",
    });
  }
  return { image, digest, index };
}

/** `rpmoci diff`: what differs between two images, two lockfiles, or one of each. */
import { open, stat } from "node:fs/promises";
import { Store } from "../fetch/store.js";
import {
  type ConfigurationDifference,
  compareConfigurations,
  compareFiles,
  type FileDifference,
  type LayerSums,
  layerSums,
  reusedLayers,
  undecidedFiles,
} from "../inspect/compare-images.js";
import {
  type ComparedPackage,
  comparePackages,
  type PackageDifference,
  type PackageSet,
} from "../inspect/compare-packages.js";
import type { ImageContents } from "../inspect/contents.js";
import type { ImageName } from "../layout/image-reference.js";
import { digestFiles } from "../layout/read-tree.js";
import { allPackages, partForPlatform } from "../lockfile/parts.js";
import { formatLockfile } from "../lockfile/write.js";
import { cacheFolders } from "../model/cache-folders.js";
import { type Checksum, formatChecksum } from "../model/checksum.js";
import type { LockedPackage, Lockfile } from "../model/lockfile.js";
import { withoutZeroEpoch } from "../model/nevra.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { readExistingLockfile } from "./existing-lockfile.js";
import { contextOf } from "./options.js";
import { type InspectOptions, readContents } from "./read-contents.js";

export interface DiffOptions extends Omit<InspectOptions, "image"> {
  /** The older side: an image, or the path of a lockfile. */
  readonly from: ImageName;
  readonly to: ImageName;
  /** Where RPM files are looked for that lockfiles name, for their changelogs. */
  readonly cacheDirectory?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
}

export interface ImagesDifference {
  readonly files: readonly FileDifference[];
  readonly configuration: readonly ConfigurationDifference[];
  readonly from: LayerSums;
  readonly to: LayerSums;
  /** Layers of the newer image that the older one has, too. */
  readonly reusedLayers: number;
}

export interface Difference {
  /**
   * Two images have the same digest; two lockfiles say the same. A lockfile and an image: they have the same packages.
   */
  readonly same: boolean;
  readonly packages: readonly PackageDifference[];
  /** Null unless both sides are images. */
  readonly images: ImagesDifference | null;
}

type Side = PackageSet & { readonly contents: ImageContents | null; readonly lock: Lockfile | null };

/**
 * Compares two sides. Contents of files are compared by their digests, where their layers are not the same. Throws an
 * `RpmociError`, of kind `usage` for what is not there, of kind `verify` for an image that is damaged, of kind `lockfile`.
 */
export async function diff(options: DiffOptions): Promise<Difference> {
  const from = await readSide(options.from, options);
  const to = await readSide(options.to, options);
  return difference(besides(from, to, options), besides(to, from, options), options.signal);
}

/** As `diff`, of two images that were read. */
export async function diffImages(
  from: ImageContents,
  to: ImageContents,
  signal: AbortSignal | undefined,
): Promise<Difference> {
  return difference(imageSide(from), imageSide(to), signal);
}

async function difference(from: Side, to: Side, signal: AbortSignal | undefined): Promise<Difference> {
  const images = from.contents && to.contents && (await imagesDifference(from.contents, to.contents, signal));
  const packages = await comparePackages(from, to);
  const same =
    from.contents && to.contents
      ? from.contents.source.digest === to.contents.source.digest
      : from.lock && to.lock
        ? formatLockfile(from.lock) === formatLockfile(to.lock)
        : packages.length === 0;
  return { same, packages, images };
}

async function imagesDifference(
  from: ImageContents,
  to: ImageContents,
  signal: AbortSignal | undefined,
): Promise<ImagesDifference> {
  const undecided = undecidedFiles(from, to);
  const digests = new Map([
    ...(await digestFiles(from.source, undecided.from, signal)),
    ...(await digestFiles(to.source, undecided.to, signal)),
  ]);
  return {
    files: compareFiles(from, to, digests),
    configuration: compareConfigurations(from.source.config, to.source.config),
    from: layerSums(from),
    to: layerSums(to),
    reusedLayers: reusedLayers(from, to).length,
  };
}

type Document = ImageContents | Lockfile;

async function readSide(reference: ImageName, options: DiffOptions): Promise<Document> {
  if (typeof reference === "string" && (await isLockfile(reference))) return readExistingLockfile(reference);
  return readContents({ ...options, image: reference });
}

/** Beside an image, a lockfile is what it has for the image's architecture. */
function besides(document: Document, other: Document, options: DiffOptions): Side {
  if ("source" in document) return imageSide(document);
  const packages = "source" in other ? partForPlatform(document, other.source.config).packages : allPackages(document);
  return lockSide(document, packages, options);
}

/** A file that is no archive, which begins with the name of an entry, or with zeros, and has its magic later. */
async function isLockfile(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => null);
  if (status?.isFile() !== true) return false;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return !buffer.subarray(0, bytesRead).includes(0);
  } finally {
    await file.close();
  }
}

function imageSide(contents: ImageContents): Side {
  const packages = contents.packages.map((entry) => ({ ...entry, arch: entry.arch || undefined, checksum: undefined }));
  const changelogs = new Map(packages.map((entry, index) => [entry, contents.packages[index]?.changelog ?? []]));
  return {
    packages,
    changelogOf: async (entry) => changelogs.get(entry as (typeof packages)[number]) ?? null,
    contents,
    lock: null,
  };
}

/** Local packages have no version that is locked. */
function lockSide(
  lock: Lockfile,
  locked: readonly LockedPackage[],
  { cacheDirectory, environment }: DiffOptions,
): Side {
  const context = contextOf({
    manifestPath: "",
    cacheDirectory,
    ...(environment === undefined ? {} : { environment }),
  });
  const store = new Store(cacheFolders(context.cacheDirectory).files);
  // Packages for no architecture are in several parts.
  const checksums = new Map<string, Checksum>();
  const packages: ComparedPackage[] = [];
  for (const { name, evr, arch, checksum } of locked) {
    const entry = { name, evr: withoutZeroEpoch(evr), arch, checksum: formatChecksum(checksum) };
    const key = JSON.stringify(entry);
    if (!checksums.has(key)) packages.push(entry);
    checksums.set(key, checksum);
  }
  return {
    packages,
    changelogOf: async (entry) => {
      const checksum = checksums.get(JSON.stringify(entry));
      if (checksum === undefined) return null;
      const path = store.pathOf(checksum);
      // What is not in the cache, or no RPM file there, tells nothing.
      const changelogs = await nativeCall(binding().readChangelogs([path])).catch(() => []);
      return changelogs[0] ?? null;
    },
    contents: null,
    lock,
  };
}

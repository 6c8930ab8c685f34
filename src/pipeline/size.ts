/** `rpmoci size`: what takes the space of an image. */
import type { ImageContents } from "../inspect/contents.js";
import {
  type Removal,
  removalOf,
  requestedPackages,
  type SizeGrouping,
  type SizeReport,
  sizeReport,
} from "../inspect/size.js";
import { readLockfile } from "../lockfile/read.js";
import { loadManifest } from "../manifest/load.js";
import { isLocalSpec, OS_RELEASE } from "../model/manifest.js";
import { type InspectOptions, readContents } from "./read-contents.js";

interface RequestOptions extends InspectOptions {
  /** What this manifest asks for does not go with other packages. */
  readonly manifestPath?: string | undefined;
}

export interface SizeOptions extends RequestOptions {
  /** `package` by default. */
  readonly by?: SizeGrouping;
  /** Directories of a path that count when sizes are by directory; 2 by default. */
  readonly depth?: number;
}

/** Throws an `RpmociError`, of kind `usage` when there is no such image, of kind `verify` when it is damaged. */
export async function imageSize(options: SizeOptions): Promise<SizeReport> {
  const { by = "package", depth = 2 } = options;
  const contents = await readContents(options);
  return sizeReport(contents, { by, depth, requested: await requested(contents, options) });
}

export interface RemovalOptions extends RequestOptions {
  /** Names of packages, NEVRAs, or globs of these. */
  readonly without: readonly string[];
}

/** What an image would save without some packages. Throws as `imageSize`, and of kind `usage` for an unknown package. */
export async function imageWithout(options: RemovalOptions): Promise<Removal> {
  const contents = await readContents(options);
  return removalOf(contents, options.without, await requested(contents, options));
}

async function requested(contents: ImageContents, { manifestPath }: RequestOptions): Promise<ReadonlySet<number>> {
  if (manifestPath === undefined) return new Set();
  const manifest = await loadManifest(manifestPath);
  const lock = await readLockfile(manifest.lockfilePath);
  const specs = manifest.packages.filter((spec) => !isLocalSpec(spec));
  const local =
    lock === null ? [] : [lock, ...lock.others].flatMap(({ localPackages }) => localPackages.map(({ name }) => name));
  return requestedPackages(contents, manifest.osRelease ? [...specs, OS_RELEASE] : specs, local);
}

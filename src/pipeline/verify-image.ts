/** `rpmoci verify`: whether an image is what it should be. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { RpmociError } from "../errors.js";
import { checkFiles, digestedFiles, type FileDeviation } from "../inspect/check-files.js";
import { comparePackages, type PackageDifference } from "../inspect/compare-packages.js";
import type { ImageContents } from "../inspect/contents.js";
import { referenceOf } from "../layout/image-reference.js";
import { digestFiles } from "../layout/read-tree.js";
import { type LayoutProblem, validateLayout } from "../layout/validate.js";
import { fitsManifest } from "../lockfile/fit.js";
import { architectureFor, partForPlatform } from "../lockfile/parts.js";
import { loadManifest, lockfilePathOf } from "../manifest/load.js";
import { formatNevra, withoutZeroEpoch } from "../model/nevra.js";
import { basePackages } from "./base-packages.js";
import { type BuildOptions, build } from "./build.js";
import { type Difference, diffImages } from "./diff.js";
import { readExistingLockfile } from "./existing-lockfile.js";
import { type CommonOptions, contextOf } from "./options.js";
import { type InspectOptions, readContents } from "./read-contents.js";
import { withWorkDirectory } from "./work-directory.js";

export interface VerifyImageOptions
  extends Omit<CommonOptions, "manifestPath">,
    Pick<InspectOptions, "image" | "architecture">,
    Pick<BuildOptions, "engine" | "sandbox" | "scriptletTimeout" | "vendorDirectory" | "labels"> {
  /** Whose lockfile must agree with the image's packages, and what `rebuild` builds. */
  readonly manifestPath?: string;
  /** Build it again with its creation time, as root, and compare. */
  readonly rebuild?: boolean;
}

export interface ImageVerification {
  /** Of the whole layout, with other images in it; when there are any, nothing else was looked at. */
  readonly layout: readonly LayoutProblem[];
  /** How many were compared with what packages say. */
  readonly packages: number;
  readonly files: number;
  /** Files that no package owns, which nothing but building again can verify. */
  readonly unowned: number;
  /** Explained and unexplained ones; building the same again explains all. */
  readonly deviations: readonly FileDeviation[];
  /** From the lockfile to the image; null when no manifest was given. */
  readonly lockfile: readonly PackageDifference[] | null;
  /** The image that was built again, and what differs; null when it was not. */
  readonly rebuilt: { readonly digest: string; readonly difference: Difference } | null;
  /** Nothing is wrong: no layout problem, no unexplained deviation, no other package, some package, the same image again. */
  readonly good: boolean;
}

/**
 * Verifies an image: that its layout is valid, that files are what their packages say, that packages are those of a
 * lockfile, that it can be built again. What is wrong is a result. Throws an `RpmociError`, of kind `usage` when there is
 * no such image, and whatever `build` throws.
 */
export async function verifyImage(options: VerifyImageOptions): Promise<ImageVerification> {
  const { image, manifestPath, rebuild = false, signal } = options;
  const { path } = referenceOf(image);
  const isLayout = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  const layout = isLayout && (await hasLayoutFile(path)) ? await validateLayout(path) : [];
  signal?.throwIfAborted();
  if (layout.length > 0) {
    return { layout, packages: 0, files: 0, unowned: 0, deviations: [], lockfile: null, rebuilt: null, good: false };
  }
  const contents = await readContents(options);
  const digests = await digestFiles(contents.source, digestedFiles(contents), signal);
  const { files, deviations: found } = checkFiles(contents, digests);
  const lockfile = manifestPath === undefined ? null : await compareWithLockfile(contents, manifestPath, options);
  const rebuilt = rebuild && manifestPath !== undefined ? await buildAgain(contents, manifestPath, options) : null;
  const deviations = rebuilt?.difference.same === true ? found.map(explainedByBuild) : found;
  const unowned = contents.tree.files.filter(
    ({ path, inode }) => inode.type !== "directory" && !contents.owners.has(path),
  );
  const good =
    contents.packages.length > 0 &&
    deviations.every(({ explanation }) => explanation !== null) &&
    (lockfile ?? []).length === 0 &&
    rebuilt?.difference.same !== false;
  return {
    layout,
    packages: contents.packages.length,
    files,
    unowned: unowned.length,
    deviations,
    lockfile,
    rebuilt,
    good,
  };
}

/** What the manifest changes of packages' files (`[[paths]]`, `[accounts]`, …) is the same in an image built from it. */
function explainedByBuild(deviation: FileDeviation): FileDeviation {
  return { ...deviation, explanation: deviation.explanation ?? "built again, it is the same" };
}

/** Without one, it is nothing that could be validated: opening it says so. */
async function hasLayoutFile(path: string): Promise<boolean> {
  return (await stat(join(path, "oci-layout")).catch(() => null)) !== null;
}

/**
 * Local packages are locked by their names only, and excluded ones are not in the image. What the locked base image has may be
 * in it.
 */
async function compareWithLockfile(
  { packages, source }: ImageContents,
  manifestPath: string,
  options: VerifyImageOptions,
): Promise<readonly PackageDifference[]> {
  const manifest = await loadManifest(manifestPath);
  const whole = await readExistingLockfile(manifest.lockfilePath);
  const lock = partForPlatform(whole, source.config);
  if (!fitsManifest(whole, manifest)) {
    throw new RpmociError(`the lock file ${manifest.lockfilePath} does not fit the manifest`, {
      kind: "lockfile",
      code: "LOCKFILE_OUTDATED",
      hint: "run rpmoci update",
    });
  }
  const excluded = new Set(manifest.exclude);
  const local = new Set(lock.localPackages.map(({ name }) => name));
  const base = new Set((await basePackages(manifest, lock, contextOf({ ...options, manifestPath }))).map(formatNevra));
  const changelogOf = async () => null;
  const locked = lock.packages
    .filter(({ name }) => !excluded.has(name))
    .map(({ name, evr, arch }) => ({ name, evr: withoutZeroEpoch(evr), arch, checksum: undefined }));
  const installed = packages
    // Keys that were imported into the database.
    .filter(({ name }) => !local.has(name) && name !== "gpg-pubkey")
    .filter((entry) => !base.has(formatNevra(entry)))
    .map(({ name, evr, arch }) => ({ name, evr, arch, checksum: undefined }));
  return comparePackages({ packages: locked, changelogOf }, { packages: installed, changelogOf });
}

async function buildAgain(
  contents: ImageContents,
  manifestPath: string,
  options: VerifyImageOptions,
): Promise<ImageVerification["rebuilt"]> {
  const { created } = contents.source.config;
  const seconds = Math.floor(Date.parse(created ?? "") / 1000);
  if (!(seconds >= 0)) {
    throw new RpmociError(`the image ${contents.source.name} does not say when it was created`, {
      kind: "verify",
      code: "IMAGE_CREATED_MISSING",
      hint: "it cannot be built again with the same digest",
    });
  }
  const { environment = process.env, emit, signal } = options;
  return withWorkDirectory(async (scratch) => {
    const layout = join(scratch, "layout");
    const { digest } = await build({
      ...options,
      manifestPath,
      layout,
      tag: "rebuilt",
      archs: [architectureFor(await readExistingLockfile(lockfilePathOf(manifestPath)), contents.source.config)],
      locked: true,
      cache: false,
      environment: { ...environment, SOURCE_DATE_EPOCH: String(seconds) },
      // It goes as soon as it was compared.
      emit: (event) => (event.type === "image-written" ? undefined : emit?.(event)),
    });
    const again = await readContents({
      image: { path: layout, tag: "rebuilt" },
      architecture: options.architecture,
      ...(emit === undefined ? {} : { emit }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { digest, difference: await diffImages(contents, again, signal) };
  });
}

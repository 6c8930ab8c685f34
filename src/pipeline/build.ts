/** `rpmoci build`: from the manifest to an image in a layout. */
import { join } from "node:path";
import { RpmociError } from "../errors.js";
import { fetchPackages } from "../fetch/packages.js";
import { readVendorFolder } from "../fetch/vendor.js";
import { imageConfig } from "../image/config.js";
import { assembleImage } from "../image/manifest.js";
import { findDnf, installPackages } from "../install/dnf.js";
import { erasePackages } from "../install/erase.js";
import { listLayers } from "../layer/list.js";
import { writeLayers } from "../layer/write.js";
import { inspectLayout } from "../layout/index-file.js";
import { checkTag, LayoutTransaction } from "../layout/layout.js";
import { fitsLocalRequirements, fitsManifest } from "../lockfile/fit.js";
import { readLockfile } from "../lockfile/read.js";
import { loadManifest } from "../manifest/load.js";
import { findLocalPackages } from "../manifest/local-packages.js";
import { hostArchitecture, platformOf } from "../model/architecture.js";
import type { Digest } from "../model/descriptor.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import type { FetchedPackage, VerifiedPackage } from "../model/package.js";
import { canonicalizeRoot } from "../rootfs/canonicalize.js";
import { verifyPackages } from "../verify/verify.js";
import { describeLocalPackages } from "./lock.js";
import { lockArchitecture, requiredKeys } from "./locked-packages.js";
import { PendingLockfile } from "./lockfile-writer.js";
import { type CommonOptions, type Context, contextOf } from "./options.js";
import { readLockfileOrWarn } from "./previous-lockfile.js";
import { RepositoryResolver } from "./resolver.js";
import { sourceDateEpoch } from "./source-date-epoch.js";
import { withWorkDirectory } from "./work-directory.js";

export interface BuildOptions extends CommonOptions {
  /** The OCI image layout to create or add to. */
  readonly layout: string;
  /** A reference name of the OCI image specification; an image that has it loses it. */
  readonly tag: string;
  /** Fail rather than write the lockfile. */
  readonly locked?: boolean;
  /** Take the packages from this folder, as `vendor` writes it. */
  readonly vendorDirectory?: string | undefined;
  /** Win over the manifest's. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface BuildResult {
  /** Absolute. */
  readonly layout: string;
  readonly tag: string;
  /** The image manifest's. */
  readonly digest: Digest;
  readonly lockfile: Lockfile;
}

/**
 * Builds the image. The same manifest, lockfile and `SOURCE_DATE_EPOCH` give the same digest. Must run as root, of the
 * machine or of a user namespace. Throws an `RpmociError`; layout and lockfile are then as they were before.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const started = Date.now();
  const context = contextOf(options);
  const created = sourceDateEpoch(context.environment);
  checkTag(options.tag);
  requireRoot();
  const manifest = await loadManifest(options.manifestPath);
  await inspectLayout(options.layout);
  const dnf = await findDnf(context.environment);
  const { existing, arch } = await existingLockfile(manifest, options.locked === true, context);
  const resolver = await RepositoryResolver.configure(manifest, arch, context);
  try {
    const lock = existing ?? (await resolver.lock(manifest));
    const packages = await verifiedPackages(manifest, lock, resolver, options, context);
    const changed = existing === null;
    const result = await withWorkDirectory((scratch) =>
      makeImage({ manifest, lock, changed, packages, dnf, scratch, created, options }, context),
    );
    context.emit({
      type: "image-written",
      layout: options.layout,
      tag: options.tag,
      digest: result.digest,
      seconds: (Date.now() - started) / 1000,
    });
    return result;
  } finally {
    await resolver.close();
  }
}

/** rpm must own files as many users; the CLI enters a user namespace before it comes here. */
function requireRoot(): void {
  if (process.geteuid?.() === 0) return;
  throw new RpmociError("packages can be installed as root only, of the machine or of a user namespace", {
    kind: "environment",
    code: "NOT_ROOT",
    hint: "run it under: unshare --user --map-auto --map-root-user",
  });
}

interface ExistingLockfile {
  /** Null when a new one must, and may, be made. */
  readonly existing: Lockfile | null;
  /** rpm's architecture that the image is for. */
  readonly arch: string;
}

async function existingLockfile(manifest: Manifest, locked: boolean, context: Context): Promise<ExistingLockfile> {
  const existing = await usableLockfile(manifest, locked, context);
  const arch = existing === null ? hostArchitecture() : lockArchitecture(existing);
  if (arch !== hostArchitecture()) throw foreignArchitecture(manifest, arch);
  return { existing, arch };
}

/** The lockfile when it can be used as it is; null when a new one must, and may, be made. */
async function usableLockfile(manifest: Manifest, locked: boolean, context: Context): Promise<Lockfile | null> {
  const path = manifest.lockfilePath;
  const lock = await (locked ? readLockfile(path) : readLockfileOrWarn(path, context.emit));
  if (lock === null) {
    if (!locked) return null;
    throw new RpmociError(
      `the lock file ${path} is missing and needs to be generated but --locked was passed to prevent this`,
      { kind: "lockfile", code: "LOCKFILE_MISSING", hint: "run rpmoci update" },
    );
  }
  if (fitsManifest(lock, manifest)) {
    if (locked) return lock;
    const local = await describeLocalPackages(await findLocalPackages(manifest, "ignore"));
    const requires = local.flatMap((entry) => entry.requires);
    if (fitsLocalRequirements(lock, requires)) return lock;
  }
  if (locked) {
    throw new RpmociError(`the lock file ${path} needs to be updated but --locked was passed to prevent this`, {
      kind: "lockfile",
      code: "LOCKFILE_OUTDATED",
      hint: "run rpmoci update",
    });
  }
  context.emit({ type: "lockfile-outdated", path });
  return null;
}

function foreignArchitecture(manifest: Manifest, arch: string): RpmociError {
  return new RpmociError(`${manifest.lockfilePath} locks packages for ${arch}, this machine is ${hostArchitecture()}`, {
    kind: "environment",
    code: "FOREIGN_ARCHITECTURE",
    hint: `build on a machine of ${arch}, or run rpmoci update`,
  });
}

async function verifiedPackages(
  manifest: Manifest,
  lock: Lockfile,
  { repositories, transport }: RepositoryResolver,
  { vendorDirectory }: BuildOptions,
  context: Context,
): Promise<readonly VerifiedPackage[]> {
  const remote =
    vendorDirectory === undefined
      ? await fetchPackages(lock.packages, repositories, transport, context.emit)
      : await readVendorFolder(lock.packages, vendorDirectory);
  const local = (await findLocalPackages(manifest, "fail")).map((path): FetchedPackage => ({ path, locked: null }));
  if (remote.length + local.length === 0) {
    throw new RpmociError(`${manifest.path}: contents.packages is empty, and an image needs at least one package`, {
      kind: "manifest",
      code: "PACKAGES_EMPTY",
    });
  }
  context.signal?.throwIfAborted();
  const keysOf = await requiredKeys(lock, repositories);
  const localNames = new Set(lock.localPackages.map(({ name }) => name));
  return verifyPackages({ packages: [...remote, ...local], localNames, keysOf }, context.emit);
}

interface ImageRequest {
  readonly manifest: Manifest;
  readonly lock: Lockfile;
  readonly changed: boolean;
  readonly packages: readonly VerifiedPackage[];
  readonly dnf: string;
  readonly scratch: string;
  readonly created: number;
  readonly options: BuildOptions;
}

async function makeImage(request: ImageRequest, context: Context): Promise<BuildResult> {
  const { manifest, lock, packages, scratch, created, options } = request;
  const { emit, signal } = context;
  const arch = lockArchitecture(lock);
  const buildStart = Math.floor(Date.now() / 1000);
  const installed = await installPackages(
    {
      packages,
      root: join(scratch, "root"),
      scratch,
      dnf: request.dnf,
      arch,
      docs: manifest.docs,
      sourceDateEpoch: created,
      abort: signal,
    },
    emit,
  );
  await erasePackages(installed, manifest.exclude, created, emit);
  await canonicalizeRoot(installed.root, installed.databasePath, created);
  signal?.throwIfAborted();
  const layout = await LayoutTransaction.begin(options.layout);
  let pending: PendingLockfile | null = null;
  try {
    if (request.changed) pending = await PendingLockfile.prepare(manifest.lockfilePath, lock);
    emit({ type: "layer-started" });
    const section = { compression: "gzip", level: undefined } as const;
    const { root, databasePath } = installed;
    const listed = await listLayers(
      { root, databasePath, groups: [], section, sourceDateEpoch: created, buildStart, signal },
      emit,
    );
    const layers = await writeLayers(listed, listed.layers, { directory: layout.staging, section, signal }, emit);
    emit({ type: "image-started" });
    const platform = platformOf(arch);
    const config = imageConfig({
      image: manifest.image,
      labels: options.labels ?? {},
      platform,
      layers,
      created,
    });
    const image = assembleImage(config, layers, platform);
    signal?.throwIfAborted();
    await layout.commit(image, options.tag);
    if (pending !== null) {
      await pending.commit();
      emit({ type: "lockfile-written", path: manifest.lockfilePath });
    }
    return { layout: layout.directory, tag: options.tag, digest: image.manifest.descriptor.digest, lockfile: lock };
  } finally {
    await layout.discard();
    await pending?.discard();
  }
}

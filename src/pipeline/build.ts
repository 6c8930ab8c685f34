/** `rpmoci build`: from the manifest to an image in a layout. */
import { dirname, join, resolve } from "node:path";
import { RpmociError } from "../errors.js";
import { allTogether } from "../fetch/offline.js";
import { fetchPackages } from "../fetch/packages.js";
import { readVendorFolder } from "../fetch/vendor.js";
import { imageAnnotations } from "../image/annotations.js";
import { imageConfig } from "../image/config.js";
import { readGitAnnotations } from "../image/git.js";
import { assembleImage } from "../image/manifest.js";
import { chooseEngine } from "../install/engine.js";
import { erasePackages } from "../install/erase.js";
import { installPackages } from "../install/install.js";
import { Sandbox } from "../install/sandbox.js";
import type { Engine, EngineName } from "../install/setting.js";
import { inspectLayout } from "../layout/index-file.js";
import { checkTag, LayoutTransaction, type NewImage } from "../layout/layout.js";
import { isTagged, readImage } from "../layout/read-image.js";
import { fitsLocalRequirements, fitsManifest } from "../lockfile/fit.js";
import { readLockfile } from "../lockfile/read.js";
import { loadManifest } from "../manifest/load.js";
import { findLocalPackages } from "../manifest/local-packages.js";
import { readSources } from "../manifest/sources.js";
import { hostArchitecture, platformOf } from "../model/architecture.js";
import { cacheFolders } from "../model/cache-folders.js";
import type { Annotations, Artifact, Digest } from "../model/descriptor.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import type { FetchedPackage, VerifiedPackage } from "../model/package.js";
import { canonicalizeRoot } from "../rootfs/canonicalize.js";
import { shapeRoot } from "../rootfs/shape.js";
import { verifyPackages } from "../verify/verify.js";
import { type AttachmentOptions, PendingAttachments } from "./attachments.js";
import { contentsOfImage, contentsOfRoot } from "./image-contents.js";
import { type ImageInputs, ImageRecords, imageKey } from "./image-records.js";
import { planFor } from "./layer-plan.js";
import { type LayerReuse, makeLayers } from "./layers.js";
import { describeLocalPackages } from "./lock.js";
import { lockArchitecture, requiredKeys, sha256Of } from "./locked-packages.js";
import { PendingLockfile } from "./lockfile-writer.js";
import { type CommonOptions, type Context, contextOf } from "./options.js";
import { PolicyGate } from "./policy.js";
import { readLockfileOrWarn } from "./previous-lockfile.js";
import { RepositoryResolver } from "./resolver.js";
import { sourceDateEpoch } from "./source-date-epoch.js";
import { withWorkDirectory } from "./work-directory.js";

/** Seconds. Depending on the machine, what takes longest takes one, seldom two minutes. */
const SCRIPTLET_TIMEOUT = 600;

export interface BuildOptions extends CommonOptions, AttachmentOptions {
  /** The OCI image layout to create or add to. */
  readonly layout: string;
  /** A reference name of the OCI image specification; an image that has it loses it. */
  readonly tag: string;
  /** Fail rather than write the lockfile. */
  readonly locked?: boolean;
  /** Take the packages from this folder, as `vendor` writes it. */
  readonly vendorDirectory?: string | undefined;
  /** What installs the packages; dnf by default, or librpm itself where there is no dnf. The image is the same. */
  readonly engine?: EngineName | undefined;
  /**
   * Shut scriptlets in a sandbox; by default, where one can be made. True: throw an `RpmociError` of kind `environment`
   * where none can be. The image is the same.
   */
  readonly sandbox?: boolean | undefined;
  /** Seconds that a scriptlet, or the installation of a package, may take; 600 by default, 0 for no limit. */
  readonly scriptletTimeout?: number | undefined;
  /** Win over the manifest's. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Win over the manifest's, and over those of git. The image has annotations when these or the manifest's are there. */
  readonly annotations?: Annotations | undefined;
  /** Annotate the image with the commit and the origin of the git clone that the manifest is in. */
  readonly gitAnnotations?: boolean;
  /** Use layers and images that earlier builds made of the same inputs; true by default. */
  readonly cache?: boolean;
  /** A layout whose layers may be used, beside those of the cache and of `layout` itself. */
  readonly previous?: LayerReuse["previous"];
}

export interface BuildResult {
  /** Absolute. */
  readonly layout: string;
  readonly tag: string;
  /** The image manifest's. */
  readonly digest: Digest;
  readonly lockfile: Lockfile;
  /** An earlier build made the image of the same inputs, and this one did not make it again. */
  readonly unchanged: boolean;
}

/**
 * The image, when an earlier build made it of the same inputs and the layout still has it; it has the tag then. Null
 * when it must be built, which `build` also finds out. Needs no root. Throws as `build`.
 */
export async function tagUnchanged(options: BuildOptions): Promise<BuildResult | null> {
  const context = contextOf(options);
  checkTag(options.tag);
  const manifest = await loadManifest(options.manifestPath);
  if ((await inspectLayout(options.layout)) === "absent" || !mayBeUnchanged(options)) return null;
  const lock = await usableLockfile(manifest, options.locked === true, { ...context, emit: () => {} });
  return lock === null ? null : tagKnownImage(manifest, lock, options, context);
}

/** Whoever vendors packages wants to hear of those that do not belong. */
function mayBeUnchanged({ cache = true, vendorDirectory }: BuildOptions): boolean {
  return cache && vendorDirectory === undefined;
}

async function tagKnownImage(
  manifest: Manifest,
  lock: Lockfile,
  options: BuildOptions,
  context: Context,
): Promise<BuildResult | null> {
  const { layout: path, tag } = options;
  const inputs = await inputsOf(manifest, options, context);
  const digest = await recordsOf(context).find(await keyOf(manifest, lock, inputs, options, context));
  const image = digest && (await readImage(path, digest, platformOf(lockArchitecture(lock))));
  if (!image) return null;
  const layers = image.layers.map(({ descriptor }) => descriptor);
  const contents = (withFiles: boolean) => contentsOfImage(resolve(path), layers, withFiles);
  const attachments = await PendingAttachments.prepare({ manifest, lock, changed: false, image, options, contents });
  try {
    const isDone = !attachments.areNew && (await isTagged(path, digest, tag));
    if (!isDone && !(await addTag(path, image, tag, attachments.artifacts))) return null;
    context.emit({ type: "image-unchanged", layout: path, tag, digest });
    await attachments.commit(context.emit);
  } finally {
    await attachments.discard();
  }
  return { layout: resolve(path), tag, digest, lockfile: lock, unchanged: true };
}

/** False when somebody else has collected the image's layers as garbage. */
async function addTag(path: string, image: NewImage, tag: string, artifacts: readonly Artifact[]): Promise<boolean> {
  const layout = await LayoutTransaction.begin(path);
  try {
    await layout.commit(image, tag, artifacts);
    return true;
  } catch (error) {
    if (error instanceof RpmociError && error.code === "LAYER_VANISHED") return false;
    throw error;
  } finally {
    await layout.discard();
  }
}

function recordsOf({ cacheDirectory }: Context): ImageRecords {
  return new ImageRecords(cacheFolders(cacheDirectory).images);
}

async function keyOf(
  manifest: Manifest,
  lock: Lockfile,
  inputs: Inputs,
  { labels = {} }: BuildOptions,
  { environment }: Context,
): Promise<string> {
  const localPackages = await findLocalPackages(manifest, "fail");
  const sourceDateEpoch = environment.SOURCE_DATE_EPOCH;
  return imageKey({ manifest, lock, labels, ...inputs, localPackages, sourceDateEpoch });
}

/** What an image is made of beside manifest and packages. It is looked at once, since it may change meanwhile. */
type Inputs = Pick<ImageInputs, "annotations" | "sources">;

async function inputsOf(
  manifest: Manifest,
  { annotations, gitAnnotations }: BuildOptions,
  { environment }: Context,
): Promise<Inputs> {
  const git = gitAnnotations === true ? await readGitAnnotations(dirname(manifest.path)) : undefined;
  const sources = await readSources(manifest, sourceDateEpoch(environment));
  return { annotations: [git, manifest.image.annotations, annotations], sources };
}

/**
 * Builds the image. The same manifest, lockfile and `SOURCE_DATE_EPOCH` give the same digest. Must run as root, of the
 * machine or of a user namespace. Throws an `RpmociError`; layout and lockfile are then as they were before.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const started = Date.now();
  const context = contextOf(options);
  const created = sourceDateEpoch(context.environment);
  const known = await tagUnchanged(options);
  if (known !== null) return known;
  requireRoot();
  const manifest = await loadManifest(options.manifestPath);
  const inputs = await inputsOf(manifest, options, context);
  const engine = await chooseEngine(options.engine, context.environment, context.emit);
  const { existing, arch } = await existingLockfile(manifest, options.locked === true, context);
  const resolver = await RepositoryResolver.configure(manifest, arch, context);
  try {
    // Packages stay in their layers even when the lockfile is made anew.
    const previous = await readLockfile(manifest.lockfilePath).catch(() => null);
    const lock = existing ?? (await resolver.lock(manifest, { previous }));
    const policy = new PolicyGate(manifest, lock, context);
    await policy.checkLock(existing === null);
    const packages = await verifiedPackages(manifest, lock, resolver, options, context);
    await policy.checkFiles(packages.map(({ path }) => path));
    const changed = existing === null;
    const result = await withWorkDirectory((scratch) =>
      makeImage({ manifest, lock, inputs, changed, packages, policy, engine, scratch, created, options }, context),
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
  const [remote, keys] = await allTogether([
    vendorDirectory === undefined
      ? fetchPackages(lock.packages, repositories, transport, context.emit)
      : readVendorFolder(lock.packages, vendorDirectory),
    requiredKeys(lock, repositories, manifest.requireSigned),
  ]);
  const local = (await findLocalPackages(manifest, "fail")).map((path): FetchedPackage => ({ path, locked: null }));
  if (remote.length + local.length === 0) {
    throw new RpmociError(`${manifest.path}: contents.packages is empty, and an image needs at least one package`, {
      kind: "manifest",
      code: "PACKAGES_EMPTY",
    });
  }
  context.signal?.throwIfAborted();
  const localNames = new Set(lock.localPackages.map(({ name }) => name));
  return verifyPackages({ packages: [...remote, ...local], localNames, keys, sha256Of }, context.emit);
}

interface ImageRequest {
  readonly manifest: Manifest;
  readonly lock: Lockfile;
  readonly inputs: Inputs;
  readonly changed: boolean;
  readonly packages: readonly VerifiedPackage[];
  readonly policy: PolicyGate;
  readonly engine: Engine;
  readonly scratch: string;
  readonly created: number;
  readonly options: BuildOptions;
}

async function makeImage(request: ImageRequest, context: Context): Promise<BuildResult> {
  const { manifest, lock, inputs, packages, scratch, created, options } = request;
  const { emit, signal } = context;
  const arch = lockArchitecture(lock);
  const buildStart = Math.floor(Date.now() / 1000);
  const sandbox = new Sandbox(options.sandbox, scratch, emit);
  const { scriptletTimeout = SCRIPTLET_TIMEOUT } = options;
  const installed = await installPackages(
    {
      packages,
      root: join(scratch, "root"),
      scratch,
      engine: request.engine,
      sandbox,
      scriptletTimeout,
      arch,
      docs: manifest.docs,
      langs: manifest.langs,
      sourceDateEpoch: created,
      abort: signal,
    },
    emit,
  );
  await erasePackages(installed, manifest.exclude, { sandbox, scriptletTimeout, sourceDateEpoch: created }, emit);
  await canonicalizeRoot(installed.root, installed.databasePath, created);
  await shapeRoot(installed, manifest, inputs.sources, created, emit);
  signal?.throwIfAborted();
  const layout = await LayoutTransaction.begin(options.layout);
  let pending: PendingLockfile | null = null;
  let attachments: PendingAttachments | null = null;
  try {
    if (request.changed) pending = await PendingLockfile.prepare(manifest.lockfilePath, lock);
    const { cache = true, previous } = options;
    const layers = await makeLayers(
      {
        packages: lock.packages,
        root: installed.root,
        databasePath: installed.databasePath,
        plan: planFor(lock, manifest) ?? { layers: [] },
        section: manifest.layers,
        created,
        buildStart,
        layout,
        reuse: { enabled: cache, previous },
      },
      context,
    );
    emit({ type: "image-started" });
    const platform = platformOf(arch);
    const config = imageConfig({
      image: manifest.image,
      labels: options.labels ?? {},
      platform,
      layers,
      created,
    });
    const annotations = imageAnnotations(inputs.annotations, created);
    const image = assembleImage(config, layers, platform, annotations);
    const contents = (withFiles: boolean) =>
      contentsOfRoot({ root: installed.root, dbPath: installed.databasePath }, withFiles);
    attachments = await PendingAttachments.prepare({
      manifest,
      lock,
      changed: request.changed,
      image,
      options,
      contents,
    });
    await request.policy.checkImage(layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0));
    signal?.throwIfAborted();
    await layout.commit(image, options.tag, attachments.artifacts);
    await attachments.commit(emit);
    if (pending !== null) {
      await pending.commit();
      emit({ type: "lockfile-written", path: manifest.lockfilePath });
    }
    const { digest } = image.manifest.descriptor;
    if (cache) await recordsOf(context).write(await keyOf(manifest, lock, inputs, options, context), digest);
    return { layout: layout.directory, tag: options.tag, digest, lockfile: lock, unchanged: false };
  } finally {
    await layout.discard();
    await attachments?.discard();
    await pending?.discard();
  }
}

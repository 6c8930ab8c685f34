/** `rpmoci build`: from the manifest to an image in a layout. */
import { rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { allTogether } from "../fetch/offline.js";
import { fetchPackages } from "../fetch/packages.js";
import { readVendorFolder } from "../fetch/vendor.js";
import { readGitAnnotations } from "../image/git.js";
import { chooseEngine } from "../install/engine.js";
import { planScriptlets, type ScriptletPlan } from "../install/scriptlet-plan.js";
import type { EngineName } from "../install/setting.js";
import { inspectLayout } from "../layout/index-file.js";
import { checkTag, LayoutTransaction } from "../layout/layout.js";
import { isTagged, readImage } from "../layout/read-image.js";
import { allPackages, findPart, joinParts, lockArchitecture } from "../lockfile/parts.js";
import { loadManifest } from "../manifest/load.js";
import { findLocalPackages } from "../manifest/local-packages.js";
import { readSources } from "../manifest/sources.js";
import { platformOf } from "../model/architecture.js";
import { cacheFolders } from "../model/cache-folders.js";
import type { Annotations, Digest } from "../model/descriptor.js";
import type { BaseImage } from "../model/image-tree.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import type { FetchedPackage, VerifiedPackage } from "../model/package.js";
import { verifyPackages } from "../verify/verify.js";
import { type ArchitectureOptions, forEachArchitecture } from "./architectures.js";
import type { AttachmentOptions } from "./attachments.js";
import { openLockedBase } from "./base-image.js";
import { type BuildPlan, type PlannedPart, planBuild } from "./build-plan.js";
import { contentsOfImage } from "./image-contents.js";
import { type ImageInputs, ImageRecords, imageKey } from "./image-records.js";
import type { LayerReuse } from "./layers.js";
import { requiredKeys, sha256Of } from "./locked-packages.js";
import { type CommonOptions, type Context, contextOf } from "./options.js";
import { type ArchitectureImage, PendingBuild } from "./pending-build.js";
import { makePlatformImage, type PlatformImage } from "./platform-image.js";
import { PolicyGate } from "./policy.js";
import { RepositoryResolver } from "./resolver.js";
import { sourceDateEpoch } from "./source-date-epoch.js";
import { withWorkDirectory } from "./work-directory.js";

/** Without `archs`, the manifest's, or those of the lockfile that is there, or this machine's. */
export interface BuildOptions extends CommonOptions, ArchitectureOptions, AttachmentOptions {
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

const ignore: Emit = () => {};

export interface BuildResult {
  /** Absolute. */
  readonly layout: string;
  readonly tag: string;
  /** Of the image manifest, or of the index of those for several architectures. */
  readonly digest: Digest;
  /** The image manifests, in the order of the lockfile. */
  readonly images: readonly { readonly arch: string; readonly digest: Digest }[];
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
  const plan = await planBuild(manifest, options, { ...context, emit: ignore });
  if (plan.changed) return null;
  const inputs = await inputsOf(manifest, options, context);
  const images: ArchitectureImage[] = [];
  for (const { manifest: own, lock } of plan.parts.filter(({ isWanted }) => isWanted)) {
    const known = lock && (await knownImage({ manifest: own, lock, inputs, options }, context));
    if (!known) return null;
    images.push({ manifest: own, lock, ...known });
  }
  const pending = new PendingBuild(manifest, plan.lockfile, false, images.length > 1, inputs.annotations, options);
  try {
    for (const image of images) await pending.add(image);
    await pending.finish();
    const { layout: path, tag } = options;
    const isDone =
      pending.attachments.every(({ newKinds }) => newKinds.length === 0) && (await isTagged(path, pending.digest, tag));
    if (!isDone && !(await addTag(pending, path))) return null;
    context.emit({ type: "image-unchanged", layout: path, tag, digest: pending.digest });
    await pending.commitFiles(context.emit);
    return { ...pending.result, layout: resolve(path), unchanged: true };
  } finally {
    await pending.discard();
  }
}

/** Whoever vendors packages wants to hear of those that do not belong. */
function mayBeUnchanged({ cache = true, vendorDirectory }: BuildOptions): boolean {
  return cache && vendorDirectory === undefined;
}

/** False when somebody else has collected the image's layers as garbage. */
async function addTag(pending: PendingBuild, path: string): Promise<boolean> {
  const layout = await LayoutTransaction.begin(path);
  try {
    await pending.commit(layout);
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

/** What the image for one architecture is made of. */
interface ArchitectureInputs {
  /** As it is for this architecture. */
  readonly manifest: Manifest;
  /** Of this architecture. */
  readonly lock: Lockfile;
  readonly inputs: Inputs;
  readonly options: BuildOptions;
}

async function keyOf(
  { manifest, lock, inputs, options: { labels = {} } }: ArchitectureInputs,
  { environment }: Context,
): Promise<string> {
  const localPackages = await findLocalPackages(manifest, "fail");
  const sourceDateEpoch = environment.SOURCE_DATE_EPOCH;
  return imageKey({ manifest, lock, labels, ...inputs, localPackages, sourceDateEpoch });
}

/** What an earlier build made of the same inputs, if the layout still has it. */
async function knownImage(inputs: ArchitectureInputs, context: Context): Promise<PlatformImage | null> {
  const { layout: path } = inputs.options;
  const digest = await recordsOf(context).find(await keyOf(inputs, context));
  const image = digest && (await readImage(path, digest, platformOf(lockArchitecture(inputs.lock))));
  if (!image) return null;
  const layers = image.layers.map(({ descriptor }) => descriptor);
  return { image, contents: (withFiles) => contentsOfImage(resolve(path), layers, withFiles) };
}

/**
 * Builds the image, or, for several architectures, those for each and the index that has them. The same manifest, lockfile
 * and `SOURCE_DATE_EPOCH` give the same digest. Must run as root, of the machine or of a user namespace. Throws an
 * `RpmociError`; layout and lockfile are then as they were before.
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
  const plan = await planBuild(manifest, options, context);
  const resolvers: RepositoryResolver[] = [];
  try {
    const locked = await lockParts(plan, resolvers, context);
    const lockfile = plan.changed ? joinParts(locked.map(({ lock }) => lock)) : plan.lockfile;
    const wanted = locked.filter(({ part }) => part.isWanted);
    const contents = await forEachArchitecture(wanted, context.emit, (entry) =>
      availablePackages(entry, lockfile, inputs, options, context),
    );
    const isIndex = wanted.length > 1;
    const pending = new PendingBuild(manifest, lockfile, plan.changed, isIndex, inputs.annotations, options);
    const layout = await LayoutTransaction.begin(options.layout);
    try {
      await withWorkDirectory(async (directory) => {
        // What cannot be installed for one architecture is told before another takes its minutes.
        const planned = await forEachArchitecture(contents, ignore, (entry) => planInstallation(entry, directory));
        await forEachArchitecture(planned, context.emit, async (entry) => {
          const { manifest: own, lock, arch, policy } = entry;
          const scratch = join(directory, arch);
          const request = { ...inputs, engine, scratch, created, layout, options };
          const made = "known" in entry ? entry.known : await makePlatformImage({ ...request, ...entry }, context);
          await pending.add({ manifest: own, lock, ...made });
          await policy.checkImage(made.image.layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0));
          // Those of several architectures need not all find room at once.
          await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
        });
      });
      await pending.finish();
      context.signal?.throwIfAborted();
      await pending.commit(layout);
      await pending.commitFiles(context.emit);
      if (options.cache !== false) {
        for (const { manifest: own, lock, image } of pending.images) {
          const key = await keyOf({ manifest: own, lock, inputs, options }, context);
          await recordsOf(context).write(key, image.manifest.descriptor.digest);
        }
      }
      const { layout: path, tag } = options;
      const seconds = (Date.now() - started) / 1000;
      context.emit({ type: "image-written", layout: path, tag, digest: pending.digest, seconds });
      return { ...pending.result, layout: layout.directory, unchanged: false };
    } finally {
      await layout.discard();
      await pending.discard();
    }
  } finally {
    for (const resolver of resolvers) await resolver.close();
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

interface LockedEntry extends Pick<ArchitectureInputs, "manifest" | "lock"> {
  readonly arch: string;
  readonly part: PlannedPart;
  readonly resolver: RepositoryResolver;
  readonly policy: PolicyGate;
}

/** Makes the parts of the lockfile that are missing; all are checked against the manifest's policy. */
async function lockParts(
  plan: BuildPlan,
  resolvers: RepositoryResolver[],
  context: Context,
): Promise<readonly LockedEntry[]> {
  return forEachArchitecture(plan.parts, plan.changed ? context.emit : ignore, async (part) => {
    const { arch, manifest } = part;
    const resolver = await RepositoryResolver.configure(manifest, arch, context);
    resolvers.push(resolver);
    // Packages stay in their layers even when the lockfile is made anew.
    const lock =
      part.lock ?? (await resolver.lock(manifest, { previous: plan.previous && findPart(plan.previous, arch) }));
    const policy = new PolicyGate(manifest, lock, context);
    await policy.checkLock(part.lock === null);
    return { arch, part, manifest, lock, resolver, policy };
  });
}

interface KnownEntry extends LockedEntry {
  readonly known: PlatformImage;
}

interface InstallableEntry extends LockedEntry {
  readonly packages: readonly VerifiedPackage[];
  readonly base: BaseImage | null;
}

/** Fetches and verifies, unless there is the image already. */
async function availablePackages(
  entry: LockedEntry,
  lockfile: Lockfile,
  inputs: Inputs,
  options: BuildOptions,
  context: Context,
): Promise<KnownEntry | InstallableEntry> {
  const { manifest, lock, resolver, policy } = entry;
  const known = mayBeUnchanged(options) ? await knownImage({ manifest, lock, inputs, options }, context) : null;
  if (known !== null) return { ...entry, known };
  const [packages, base] = await allTogether([
    verifiedPackages(manifest, lock, lockfile, resolver, options, context),
    openLockedBase(manifest, lock, entry.arch, context),
  ]);
  await policy.checkFiles(packages.map(({ path }) => path));
  return { ...entry, packages, base };
}

interface PlannedEntry extends InstallableEntry {
  readonly scriptlets: ScriptletPlan;
}

async function planInstallation(
  entry: KnownEntry | InstallableEntry,
  scratch: string,
): Promise<KnownEntry | PlannedEntry> {
  if ("known" in entry) return entry;
  const { packages, arch, base } = entry;
  return { ...entry, scriptlets: await planScriptlets({ packages, arch, hasBase: base !== null, scratch }) };
}

async function verifiedPackages(
  manifest: Manifest,
  lock: Lockfile,
  lockfile: Lockfile,
  { repositories, transport }: RepositoryResolver,
  { vendorDirectory }: BuildOptions,
  context: Context,
): Promise<readonly VerifiedPackage[]> {
  const [remote, keys] = await allTogether([
    vendorDirectory === undefined
      ? fetchPackages(lock.packages, repositories, transport, context.emit)
      : readVendorFolder(lock.packages, vendorDirectory, allPackages(lockfile)),
    requiredKeys(lock, repositories, manifest.requireSigned),
  ]);
  const local = (await findLocalPackages(manifest, "fail")).map((path): FetchedPackage => ({ path, locked: null }));
  if (remote.length + local.length === 0 && lock.base === undefined) {
    throw new RpmociError(`${manifest.path}: contents.packages is empty, and an image needs at least one package`, {
      kind: "manifest",
      code: "PACKAGES_EMPTY",
    });
  }
  context.signal?.throwIfAborted();
  const localNames = new Set(lock.localPackages.map(({ name }) => name));
  return verifyPackages({ packages: [...remote, ...local], localNames, keys, sha256Of }, context.emit);
}

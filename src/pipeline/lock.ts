/** Makes lockfiles: from the manifest, or from the locked requirements of local packages. */
import { fitsLocalRequirements } from "../lockfile/fit.js";
import { staysInside } from "../lockfile/schema.js";
import { selectPackages } from "../lockfile/select.js";
import { findLocalPackages } from "../manifest/local-packages.js";
import { locateRequests } from "../manifest/request-origins.js";
import type { Locate } from "../model/explanation.js";
import type { LockedLocalPackage, LockedPackage, Lockfile, RepositoryKeys } from "../model/lockfile.js";
import { isLocalSpec, type Manifest, OS_RELEASE } from "../model/manifest.js";
import { compareText, formatNevra, withoutZeroEpoch } from "../model/nevra.js";
import { withoutCredentials } from "../model/url.js";
import type { EarlierPackage, PackageReference, Solvable } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { planLayers } from "../plan/plan-layers.js";
import type { ModuleSelection } from "../resolve/modules.js";
import type { Solution } from "../resolve/resolve.js";
import type { BaseFacts } from "./base-facts.js";
import { lockOfBase } from "./base-image.js";
import { refuseInBase } from "./base-policy.js";
import { assertLocation, packageUrls, unusable } from "./package-location.js";
import { type ProofSources, withProofs } from "./package-proofs.js";

export interface LockOptions {
  /** The lockfile that was there before. */
  readonly previous?: Lockfile | null;
  /**
   * Update only these, and what must move with them: locked packages or specifications of the manifest, by their names
   * or by globs. Whatever else the previous lockfile has stays, as far as repositories still offer it and it is needed.
   */
  readonly packages?: readonly string[];
  /** Update nothing: what the previous lockfile has stays in the same sense. */
  readonly keep?: boolean;
  /** Resolve from the previous lockfile's requirements of local packages, which need not be there. */
  readonly fromLockfile?: boolean;
  /** Rejects at once with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a lockfile is resolved from. */
export interface LockRequest {
  readonly specs: readonly string[];
  readonly localPackages: readonly string[];
  readonly requirements: readonly string[];
  readonly kept: readonly EarlierPackage[];
  readonly renewed: readonly string[];
  readonly modules: ModuleSelection;
  /** Tells where requests come from, when something fails. */
  readonly locator: () => Promise<Locate>;
}

export interface LockSources extends ProofSources {
  readonly solve: (request: LockRequest) => Promise<Solution>;
  /** What the image is built on; its packages count as installed for `solve`. */
  readonly base: BaseFacts | null;
  readonly keysOf: (repositoryId: string) => Promise<RepositoryKeys>;
  /** The base URLs that the repository's metadata was had from, or may be had from. */
  readonly basesOf: (repositoryId: string) => Promise<readonly string[]>;
}

/** The lockfile of a manifest; its local RPMs must be there unless the previous lockfile stands for them. */
export async function makeLockfile(
  manifest: Manifest,
  { previous = null, packages = [], keep = false, fromLockfile = false }: LockOptions,
  { solve, ...sources }: LockSources,
): Promise<Lockfile> {
  const preference = preferenceOf(manifest, previous, packages, keep);
  const modules = { specs: manifest.modules, platformId: manifest.modulePlatformId };
  const named = manifest.packages.filter((spec) => !isLocalSpec(spec));
  const lacksRelease = manifest.osRelease && !named.includes(OS_RELEASE) && sources.base?.hasOsRelease !== true;
  const specs = lacksRelease ? [...named, OS_RELEASE] : named;
  if (fromLockfile && previous !== null) {
    const requirements = previous.localPackages
      .flatMap(({ requires }) => requires)
      .filter((text) => !text.startsWith("rpmlib("));
    const locator = () => locateRequests(manifest, previous.localPackages);
    const solution = await solve({ specs, localPackages: [], requirements, ...preference, modules, locator });
    return lockOf(manifest, solution, previous.localPackages, previous, sources);
  }
  const localPackages = await findLocalPackages(manifest, "fail");
  const locator = () => locateRequests(manifest, []);
  const solution = await solve({ specs, localPackages, requirements: [], ...preference, modules, locator });
  const local = await describeLocalPackages(localPackages);
  return lockOf(manifest, solution, local, previous, sources);
}

function preferenceOf(
  manifest: Manifest,
  previous: Lockfile | null,
  packages: readonly string[],
  keep: boolean,
): Pick<LockRequest, "kept" | "renewed"> {
  if (packages.length === 0 && !keep) return { kept: [], renewed: [] };
  const { names, specs } = selectPackages(packages, manifest, previous);
  const kept = (previous?.packages ?? []).map(({ name, evr, arch, repositoryId, checksum }) => ({
    name,
    evr: withoutZeroEpoch(evr),
    arch,
    repositoryId,
    checksum,
  }));
  return { kept, renewed: [...names, ...specs] };
}

/** Names and requirements of RPM files, sorted by name. */
async function describeLocalPackages(paths: readonly string[]): Promise<readonly LockedLocalPackage[]> {
  const headers = await nativeCall(binding().readPackages(paths, []));
  return headers
    .map(({ name, requires }) => ({ name, requires: [...requires] }))
    .sort((a, b) => compareText(a.name, b.name));
}

/** Whether the local RPMs that are here require what was locked. */
export async function fitsLocalPackages(lock: Lockfile, manifest: Manifest): Promise<boolean> {
  const local = await describeLocalPackages(await findLocalPackages(manifest, "ignore"));
  return fitsLocalRequirements(
    lock,
    local.flatMap(({ requires }) => requires),
  );
}

async function lockOf(
  manifest: Manifest,
  { installs, removals }: Solution,
  localPackages: readonly LockedLocalPackage[],
  previous: Lockfile | null,
  sources: Omit<LockSources, "solve">,
): Promise<Lockfile> {
  const { base } = sources;
  if (base !== null) await refuseForbiddenBase(manifest, base, removals);
  const remote = installs.filter(({ repositoryId }) => repositoryId !== LOCAL_REPOSITORY);
  const candidates = await Promise.all(
    remote.map(async (install) => {
      const bases = await sources.basesOf(install.repositoryId);
      return { locked: lockedPackage(install, bases), urls: packageUrls(install, bases) };
    }),
  );
  const used = remote.map(({ repositoryId }) => repositoryId);
  // Local packages may be signed by a key of any repository.
  const all = manifest.requireSigned ? [...used, ...manifest.repositories.map(({ id }) => id)] : used;
  const ids = [...new Set(all)].sort(compareText);
  const keys = new Map(
    await Promise.all(ids.map(async (id): Promise<[string, RepositoryKeys]> => [id, await sources.keysOf(id)])),
  );
  const packages = await withProofs(candidates, keys, previous, sources);
  const earlierPlan = previous?.layerPlan ?? null;
  const layerPlan = planLayers({ packages, localPackages, section: manifest.layers, previous: earlierPlan });
  return {
    packageSpecs: manifest.packages,
    globalKeySpecs: manifest.gpgkeys.map(withoutCredentials),
    modules: manifest.modules,
    modulePlatformId: manifest.modulePlatformId,
    arch: manifest.arch,
    packages,
    localPackages,
    repositoryKeys: keys,
    layerPlan,
    ...(base === null || manifest.baseImage === undefined ? {} : { base: lockOfBase(manifest.baseImage, base.image) }),
    others: [],
  };
}

/** Of what stays of the base image. */
async function refuseForbiddenBase(
  manifest: Manifest,
  { database }: BaseFacts,
  removals: readonly PackageReference[],
): Promise<void> {
  if (database === null || manifest.policy.forbidden.length === 0) return;
  const gone = new Set(removals.map(formatNevra));
  const installed = await nativeCall(binding().readRpmdb(database));
  const staying = installed.filter((entry) => !gone.has(formatNevra(entry)) && !manifest.exclude.includes(entry.name));
  refuseInBase(manifest, staying);
}

/** What local RPMs are in for the solver; of them names and requirements are locked. */
const LOCAL_REPOSITORY = "@commandline";

function lockedPackage(install: Solvable, bases: readonly string[]): LockedPackage {
  const { checksum } = install;
  if (checksum === null) throw unusable(install, "has no checksum that can be checked");
  assertLocation(install, bases);
  return {
    name: install.name,
    evr: install.evr,
    arch: install.arch,
    repositoryId: install.repositoryId,
    checksum,
    location: install.baseUrl === null && staysInside(install.location) ? install.location : undefined,
    // A larger number is damaged, and no number that TOML holds.
    size: Number.isSafeInteger(install.downloadSize) ? install.downloadSize : undefined,
    sourceRpm: install.sourceRpm === "" ? undefined : install.sourceRpm,
    buildTime: install.buildTime === 0 || !Number.isSafeInteger(install.buildTime) ? undefined : install.buildTime,
    signedBy: undefined,
    sha256: undefined,
  };
}

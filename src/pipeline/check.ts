/** `rpmoci check`: whether the lockfile is still good. */
import type { PackageChange } from "../events.js";
import { lockfileChanges } from "../lockfile/difference.js";
import { fitsManifest } from "../lockfile/fit.js";
import { allPackages, findPart, joinParts, lockArchitecture, requestedArchitectures } from "../lockfile/parts.js";
import { loadManifest } from "../manifest/load.js";
import { hostArchitecture } from "../model/architecture.js";
import type { LockedPackage, Lockfile } from "../model/lockfile.js";
import { type Manifest, manifestFor } from "../model/manifest.js";
import { compareText, withoutZeroEpoch } from "../model/nevra.js";
import { binding } from "../native/load.js";
import type { Advisory } from "../repository/advisories.js";
import { forEachArchitecture } from "./architectures.js";
import { readExistingLockfile } from "./existing-lockfile.js";
import { fitsLocalPackages } from "./lock.js";
import { type CommonOptions, type Context, contextOf } from "./options.js";
import { RepositoryResolver } from "./resolver.js";

export type CheckOptions = CommonOptions;

/** A locked package that an advisory has a newer build of. */
export interface AffectedPackage {
  readonly name: string;
  readonly arch: string;
  /** EVRs: what is locked, and the newest that the advisory names. */
  readonly locked: string;
  readonly repaired: string;
}

export interface ApplicableAdvisory extends Omit<Advisory, "packages"> {
  readonly packages: readonly AffectedPackage[];
}

export interface CheckResult {
  /** Absolute. */
  readonly lockfilePath: string;
  /** Whether the lockfile belongs to the manifest as it is now. */
  readonly fits: boolean;
  /** What `update` would change. */
  readonly changes: readonly PackageChange[];
  /** By id; those of repositories that have any. */
  readonly advisories: readonly ApplicableAdvisory[];
}

/**
 * Tells whether the lockfile fits the manifest, what an update would change, and which advisories repair locked packages.
 * Writes nothing. Needs no root. Throws an `RpmociError`, of kind `lockfile` when there is no lockfile that can be read.
 */
export async function check(options: CheckOptions): Promise<CheckResult> {
  const context = contextOf(options);
  const manifest = await loadManifest(options.manifestPath);
  const lock = await readExistingLockfile(manifest.lockfilePath);
  const archs = manifest.archs ?? requestedArchitectures(lock) ?? [undefined];
  const parts = archs.map((arch) => ({
    arch,
    manifest: manifestFor(manifest, arch),
    lock: arch === undefined ? lock : findPart(lock, arch),
  }));
  const findings = await forEachArchitecture(parts, context.emit, (part) => checkPart(part, context));
  context.signal?.throwIfAborted();
  const advisories = new Map(findings.flatMap((finding) => finding.advisories).map((entry) => [entry.id, entry]));
  return {
    lockfilePath: manifest.lockfilePath,
    fits: fitsManifest(lock, manifest) && findings.every(({ fits }) => fits),
    changes: lockfileChanges(lock, joinParts(findings.map(({ next }) => next))),
    advisories: [...advisories.values()]
      .flatMap((advisory) => applicable(advisory, allPackages(lock)))
      .sort((a, b) => compareText(a.id, b.id)),
  };
}

interface Finding {
  readonly fits: boolean;
  /** What `update` would write. */
  readonly next: Lockfile;
  readonly advisories: readonly Advisory[];
}

async function checkPart(
  { manifest, lock }: { readonly manifest: Manifest; readonly lock: Lockfile | null },
  context: Context,
): Promise<Finding> {
  const arch = manifest.arch ?? (lock === null ? hostArchitecture() : lockArchitecture(lock));
  const resolver = await RepositoryResolver.configure(manifest, arch, context);
  try {
    const next = await resolver.lock(manifest, { previous: lock, signal: context.signal });
    const names = new Set(lock?.packages.map(({ name }) => name));
    const advisories = await resolver.repositories.advisories(names);
    return { fits: lock !== null && (await fitsLocalPackages(lock, manifest)), next, advisories };
  } finally {
    await resolver.close();
  }
}

function applicable(advisory: Advisory, packages: readonly LockedPackage[]): readonly ApplicableAdvisory[] {
  const found = packages.flatMap((locked) => affected(locked, advisory));
  // One for no architecture is in several parts.
  const distinct = new Map(found.map((entry) => [JSON.stringify(entry), entry]));
  return distinct.size === 0 ? [] : [{ ...advisory, packages: [...distinct.values()] }];
}

function affected({ name, evr, arch }: LockedPackage, advisory: Advisory): readonly AffectedPackage[] {
  const locked = withoutZeroEpoch(evr);
  const newer = advisory.packages
    .filter((entry) => entry.name === name && (arch === undefined || entry.arch === arch))
    .filter((entry) => binding().compareEvr(entry.evr, locked) > 0)
    .sort((a, b) => binding().compareEvr(b.evr, a.evr));
  const [newest] = newer;
  return newest === undefined ? [] : [{ name, arch: newest.arch, locked, repaired: newest.evr }];
}

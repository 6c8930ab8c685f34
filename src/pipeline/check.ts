/** `rpmoci check`: whether the lockfile is still good. */
import type { PackageChange } from "../events.js";
import { lockfileChanges } from "../lockfile/difference.js";
import { fitsLocalRequirements, fitsManifest } from "../lockfile/fit.js";
import { loadManifest } from "../manifest/load.js";
import { findLocalPackages } from "../manifest/local-packages.js";
import type { LockedPackage, Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { withoutZeroEpoch } from "../model/nevra.js";
import { binding } from "../native/load.js";
import type { Advisory } from "../repository/advisories.js";
import { readExistingLockfile } from "./existing-lockfile.js";
import { describeLocalPackages } from "./lock.js";
import { lockArchitecture } from "./locked-packages.js";
import { type CommonOptions, contextOf } from "./options.js";
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
  const fits = fitsManifest(lock, manifest) && (await fitsLocalPackages(lock, manifest));
  const resolver = await RepositoryResolver.configure(manifest, lockArchitecture(lock), context);
  try {
    const next = await resolver.lock(manifest, { previous: lock, signal: context.signal });
    const advisories = await resolver.repositories.advisories(new Set(lock.packages.map(({ name }) => name)));
    context.signal?.throwIfAborted();
    return {
      lockfilePath: manifest.lockfilePath,
      fits,
      changes: lockfileChanges(lock, next),
      advisories: advisories.flatMap((advisory) => applicable(advisory, lock)),
    };
  } finally {
    await resolver.close();
  }
}

/** As a build asks. */
async function fitsLocalPackages(lock: Lockfile, manifest: Manifest): Promise<boolean> {
  const local = await describeLocalPackages(await findLocalPackages(manifest, "ignore"));
  return fitsLocalRequirements(
    lock,
    local.flatMap(({ requires }) => requires),
  );
}

function applicable(advisory: Advisory, lock: Lockfile): readonly ApplicableAdvisory[] {
  const packages = lock.packages.flatMap((locked) => affected(locked, advisory));
  return packages.length === 0 ? [] : [{ ...advisory, packages }];
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

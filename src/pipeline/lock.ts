/** Makes lockfiles: from the manifest, or from the locked requirements of local packages. */

import { staysInside } from "../lockfile/schema.js";
import { findLocalPackages } from "../manifest/local-packages.js";
import type { LockedLocalPackage, LockedPackage, Lockfile, RepositoryKeys } from "../model/lockfile.js";
import { isLocalSpec, type Manifest } from "../model/manifest.js";
import { compareText } from "../model/nevra.js";
import type { Solvable } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { resolve } from "../resolve/resolve.js";
import type { Context } from "./options.js";
import { assertLocation, unusable } from "./package-location.js";
import type { Repositories } from "./repositories.js";

const OS_RELEASE = "/etc/os-release";

/** Resolves the manifest afresh; its local RPMs must be there. */
export async function lockFromManifest(
  manifest: Manifest,
  repositories: Repositories,
  context: Context,
): Promise<Lockfile> {
  const localPackages = await findLocalPackages(manifest, "fail");
  const installs = await solve(manifest, { localPackages, requirements: [] }, repositories, context);
  return lockOf(manifest, installs, await describeLocalPackages(localPackages), repositories);
}

/** Resolves again from what the locked local packages require, without them being there. */
export async function lockFromLockfile(
  manifest: Manifest,
  lock: Lockfile,
  repositories: Repositories,
  context: Context,
): Promise<Lockfile> {
  const requirements = lock.localPackages
    .flatMap(({ requires }) => requires)
    .filter((text) => !text.startsWith("rpmlib("));
  const installs = await solve(manifest, { localPackages: [], requirements }, repositories, context);
  return lockOf(manifest, installs, lock.localPackages, repositories);
}

/** Names and requirements of RPM files, sorted by name. */
export async function describeLocalPackages(paths: readonly string[]): Promise<readonly LockedLocalPackage[]> {
  const headers = await nativeCall(binding().readPackages(paths, []));
  return headers
    .map(({ name, requires }) => ({ name, requires: [...requires] }))
    .sort((a, b) => compareText(a.name, b.name));
}

async function solve(
  manifest: Manifest,
  request: { readonly localPackages: readonly string[]; readonly requirements: readonly string[] },
  repositories: Repositories,
  context: Context,
): Promise<readonly Solvable[]> {
  const named = manifest.packages.filter((spec) => !isLocalSpec(spec));
  const specs = manifest.osRelease && !named.includes(OS_RELEASE) ? [...named, OS_RELEASE] : named;
  const pool = await repositories.open(request.localPackages);
  try {
    return (await resolve(pool, { specs, ...request }, context.emit)).installs;
  } finally {
    pool.close();
  }
}

async function lockOf(
  manifest: Manifest,
  installs: readonly Solvable[],
  localPackages: readonly LockedLocalPackage[],
  repositories: Repositories,
): Promise<Lockfile> {
  const packages = installs.flatMap(lockedPackage);
  const ids = [...new Set(packages.map(({ repositoryId }) => repositoryId))].sort(compareText);
  const keys = await Promise.all(
    ids.map(async (id): Promise<[string, RepositoryKeys]> => [id, await repositories.keysOf(id)]),
  );
  return {
    packageSpecs: manifest.packages,
    globalKeySpecs: manifest.gpgkeys,
    packages,
    localPackages,
    repositoryKeys: new Map(keys),
  };
}

/** What local RPMs are in for the solver. */
const LOCAL_REPOSITORY = "@commandline";

/** None for local packages, of which names and requirements are locked. */
function lockedPackage(install: Solvable): readonly LockedPackage[] {
  if (install.repositoryId === LOCAL_REPOSITORY) return [];
  const { checksum } = install;
  if (checksum === null) throw unusable(install, "has no checksum that can be checked");
  assertLocation(install);
  return [
    {
      name: install.name,
      evr: install.evr,
      arch: install.arch,
      repositoryId: install.repositoryId,
      checksum,
      location: install.baseUrl === null && staysInside(install.location) ? install.location : undefined,
      // A larger number is damaged, and no number that TOML holds.
      size: Number.isSafeInteger(install.downloadSize) ? install.downloadSize : undefined,
      sourceRpm: install.sourceRpm === "" ? undefined : install.sourceRpm,
    },
  ];
}

/** Whether a lockfile belongs to a manifest as it is now. */
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { withoutCredentials } from "../model/url.js";

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** The specifications, key URLs, module streams and the base image's name are those that were locked. Local RPMs need not be present. */
export function fitsManifest(lock: Lockfile, manifest: Manifest): boolean {
  return (
    same(lock.packageSpecs, manifest.packages) &&
    same(lock.globalKeySpecs.map(withoutCredentials), manifest.gpgkeys.map(withoutCredentials)) &&
    same(lock.modules, manifest.modules) &&
    lock.modulePlatformId === manifest.modulePlatformId &&
    [lock, ...lock.others].every(({ base }) => base?.image === manifest.baseImage)
  );
}

/** All that local RPMs require together is what was locked, whichever of them requires it. */
export function fitsLocalRequirements(lock: Lockfile, requires: Iterable<string>): boolean {
  const locked = new Set(lock.localPackages.flatMap((entry) => entry.requires));
  const present = new Set(requires);
  return locked.size === present.size && [...locked].every((requirement) => present.has(requirement));
}

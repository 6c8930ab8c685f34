/** The parts of a lockfile: what is locked for each architecture. */
import { RpmociError } from "../errors.js";
import { hostArchitecture, type Platform, platformOf } from "../model/architecture.js";
import type { LockedPackage, LockedPart, Lockfile } from "../model/lockfile.js";

/** A lockfile of one architecture, as the original knows it. */
export interface SingleLockfile extends Lockfile {
  readonly others: readonly [];
}

/** The architecture that a part was made for; this machine's when all its packages are `noarch` or it does not say. */
export function lockArchitecture({ arch, packages }: Pick<LockedPart, "arch" | "packages">): string {
  if (arch !== undefined) return arch;
  const host = hostArchitecture();
  const archs = new Set(packages.map((entry) => entry.arch));
  if (archs.has(host)) return host;
  return [...archs].find((name) => name !== undefined && name !== "noarch") ?? host;
}

/** Those that a lockfile has parts for, in its order. */
export function lockedArchitectures(lock: Lockfile): readonly string[] {
  return [lockArchitecture(lock), ...lock.others.map(({ arch }) => arch)];
}

/** Those that somebody asked for when the lockfile was made; undefined when it is for the machine that made it. */
export function requestedArchitectures(lock: Lockfile | null): readonly string[] | undefined {
  return lock?.arch === undefined ? undefined : lockedArchitectures(lock);
}

/** The lockfile as if it were for this architecture only; null when it has no part for it. */
export function findPart(lock: Lockfile, arch: string): SingleLockfile | null {
  if (lockArchitecture(lock) === arch) return { ...lock, others: [] };
  const part = lock.others.find((entry) => entry.arch === arch);
  return part === undefined ? null : { ...lock, base: undefined, ...part, others: [] };
}

/** As `findPart`, with what other parts there are as the others; null when it has no part for the architecture. */
export function withFirst(lock: Lockfile, arch: string): Lockfile | null {
  const first = findPart(lock, arch);
  if (first === null) return null;
  const rest = lockedArchitectures(lock).filter((other) => other !== arch);
  return joinParts([first, ...rest.flatMap((other) => findPart(lock, other) ?? [])]);
}

/**
 * As `findPart`, of `arch`, or without one of this machine's architecture where the lockfile has that, else of its first.
 * Throws an `RpmociError` of kind `lockfile` when there is no such part; `path` is the lockfile's.
 */
export function partOf(lock: Lockfile, arch: string | undefined, path: string): SingleLockfile {
  const part =
    arch === undefined
      ? (findPart(lock, hostArchitecture()) ?? findPart(lock, lockArchitecture(lock)))
      : findPart(lock, arch);
  if (part !== null) return part;
  throw new RpmociError(`${path} does not lock packages for ${arch}, but for ${lockedArchitectures(lock).join(", ")}`, {
    kind: "lockfile",
    code: "ARCHITECTURE_NOT_LOCKED",
    hint: "run rpmoci update with --arch, or name the architecture in contents.archs of the manifest",
  });
}

/** The part that an image was built of, by its platform; the first where the lockfile has none for that. */
export function partForPlatform(lock: Lockfile, platform: Pick<Platform, "architecture">): SingleLockfile {
  return findPart(lock, architectureFor(lock, platform)) ?? { ...lock, others: [] };
}

/** rpm's name of the architecture of `partForPlatform`. */
export function architectureFor(lock: Lockfile, { architecture }: Pick<Platform, "architecture">): string {
  const archs = lockedArchitectures(lock);
  return archs.find((name) => platformOf(name).architecture === architecture) ?? lockArchitecture(lock);
}

/** Of all architectures. */
export function allPackages(lock: Lockfile): readonly LockedPackage[] {
  return [lock, ...lock.others].flatMap(({ packages }) => packages);
}

/** One lockfile out of those for each architecture, which are of the same manifest. The first is the original's. */
export function joinParts([first, ...others]: readonly Lockfile[]): Lockfile {
  if (first === undefined) throw new Error("a lockfile is for one architecture at least");
  const parts = others.map(({ packages, localPackages, repositoryKeys, layerPlan, base, ...lock }) => ({
    arch: lockArchitecture({ arch: lock.arch, packages }),
    packages,
    localPackages,
    repositoryKeys,
    layerPlan,
    ...(base === undefined ? {} : { base }),
  }));
  return { ...first, others: parts };
}

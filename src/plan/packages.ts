/** What a plan needs to know of packages. */
import type { LockedLocalPackage, LockedPackage } from "../model/lockfile.js";
import { compareText } from "../model/nevra.js";

/** All packages of one name: they are in one layer. */
export interface NamedPackages {
  readonly name: string;
  /** Of the source package, without its version; the package's own where that is unknown. */
  readonly source: string;
  /** Bytes of the RPM files, which are about those that the files take in a compressed layer. */
  readonly size: number;
  /** Seconds since the epoch; of the latest. 0 if unknown. */
  readonly buildTime: number;
}

/** Sorted by name, without those that are local packages' names. */
export function namedPackages(
  packages: readonly LockedPackage[],
  localPackages: readonly LockedLocalPackage[],
): readonly NamedPackages[] {
  const local = new Set(localPackages.map(({ name }) => name));
  const byName = new Map<string, NamedPackages>();
  for (const { name, sourceRpm, size = 0, buildTime = 0 } of packages) {
    if (local.has(name)) continue;
    const known = byName.get(name);
    byName.set(name, {
      name,
      source: known?.source ?? sourceName(sourceRpm) ?? name,
      size: (known?.size ?? 0) + size,
      buildTime: Math.max(known?.buildTime ?? 0, buildTime),
    });
  }
  return [...byName.values()].sort((a, b) => compareText(a.name, b.name));
}

/** `bash` of `bash-5.2-1.src.rpm`. */
function sourceName(sourceRpm: string | undefined): string | undefined {
  return sourceRpm === undefined ? undefined : /^(.+)-[^-]+-[^-]+$/.exec(sourceRpm)?.[1];
}

export function totalSize(packages: readonly { readonly size: number }[]): number {
  return packages.reduce((sum, { size }) => sum + size, 0);
}

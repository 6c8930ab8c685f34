/** Signed RPMs of Debian packages: from the cache, or downloaded, converted and signed. */
import { basename } from "node:path";
import pMap from "p-map";
import { convert, type Kind } from "./conversion.js";
import type { DebianArchive } from "./debian-archive.js";
import type { PackageCache, WantedPackage } from "./package-cache.js";
import type { IndexedPackage } from "./package-index.js";

export interface PackageWorkshop {
  readonly archive: DebianArchive;
  readonly packages: PackageCache;
  /** How many packages to convert at once. */
  readonly jobs: number;
  readonly report: (line: string) => void;
}

export interface ArchivePackage extends WantedPackage {
  readonly source: IndexedPackage;
}

export function fromArchive(archive: DebianArchive, source: IndexedPackage, kind: Kind): ArchivePackage {
  const deb = archive.path(source);
  return { id: basename(deb, ".deb"), source, recipe: () => convert(deb, kind) };
}

/** Makes those that the cache does not have yet. */
export async function makePackages(
  { archive, packages, jobs, report }: PackageWorkshop,
  wanted: readonly (ArchivePackage | WantedPackage)[],
): Promise<void> {
  const missing = wanted.filter(({ id }) => !packages.has(id));
  const debs = missing.flatMap((entry) => ("source" in entry ? [entry.source] : []));
  if (debs.length > 0) report(`downloading what is missing for ${debs.length} packages`);
  await archive.download(debs);
  if (debs.length > 0) report(`converting ${debs.length} packages`);
  await pMap(missing, (entry) => packages.build(entry), { concurrency: jobs });
  if (debs.length > 0) report("signing");
  await packages.sign(
    wanted.map(({ id }) => id),
    jobs,
  );
}

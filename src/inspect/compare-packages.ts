/** What differs between two sets of packages. */
import { compareText } from "../model/nevra.js";
import type { ChangelogEntry } from "../native/binding.js";
import { binding } from "../native/load.js";

export interface ComparedPackage {
  readonly name: string;
  readonly evr: string;
  /** Undefined when it is not known, which is the same as any. */
  readonly arch: string | undefined;
  /** The checksum of its RPM file; undefined when it is not known. */
  readonly checksum: string | undefined;
}

export interface PackageDifference {
  /** `rebuilt`: another file with the same version. */
  readonly kind: "added" | "removed" | "upgraded" | "downgraded" | "rebuilt";
  readonly name: string;
  readonly arch: string | null;
  /** EVRs; null where there is none. */
  readonly from: string | null;
  readonly to: string | null;
  /** Entries that the older of the two versions does not have, the latest first; null when they are not known. */
  readonly changelog: readonly ChangelogEntry[] | null;
}

/** The changelog of a package; null when it is not known. */
export type ReadChangelog = (entry: ComparedPackage) => Promise<readonly ChangelogEntry[] | null>;

export interface PackageSet {
  readonly packages: readonly ComparedPackage[];
  readonly changelogOf: ReadChangelog;
}

/**
 * In the order of names. Of several packages of one name each that is not on both sides differs; they are paired by
 * architecture first, and in the order of their versions.
 */
export async function comparePackages(from: PackageSet, to: PackageSet): Promise<readonly PackageDifference[]> {
  const before = byName(from.packages);
  const after = byName(to.packages);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  const differences = names.flatMap((name) => pairs(before.get(name) ?? [], after.get(name) ?? []));
  return Promise.all(differences.map(([old, next]) => differenceOf(old, next, from, to)));
}

type Pair = readonly [ComparedPackage | null, ComparedPackage | null];

function pairs(before: readonly ComparedPackage[], after: readonly ComparedPackage[]): readonly Pair[] {
  const rebuilt: Pair[] = [];
  const come = [...after];
  let gone = before.filter((old) => {
    const index = come.findIndex((next) => next.evr === old.evr && sameArch(old, next));
    const next = come[index];
    if (next === undefined) return true;
    come.splice(index, 1);
    if (old.checksum !== undefined && next.checksum !== undefined && old.checksum !== next.checksum) {
      rebuilt.push([old, next]);
    }
    return false;
  });
  const paired: Pair[] = [];
  for (const matches of [sameArch, () => true]) {
    gone = gone.filter((old) => {
      const index = come.findIndex((next) => matches(old, next));
      const next = come[index];
      if (next === undefined) return true;
      come.splice(index, 1);
      paired.push([old, next]);
      return false;
    });
  }
  return [...rebuilt, ...paired, ...gone.map((old): Pair => [old, null]), ...come.map((next): Pair => [null, next])];
}

function sameArch(a: ComparedPackage, b: ComparedPackage): boolean {
  return a.arch === undefined || b.arch === undefined || a.arch === b.arch;
}

async function differenceOf(
  old: ComparedPackage | null,
  next: ComparedPackage | null,
  from: PackageSet,
  to: PackageSet,
): Promise<PackageDifference> {
  const some = next ?? old;
  const common = { name: some?.name ?? "", arch: some?.arch ?? null, from: old?.evr ?? null, to: next?.evr ?? null };
  if (old === null || next === null) return { kind: old === null ? "added" : "removed", ...common, changelog: null };
  const order = binding().compareEvr(old.evr, next.evr);
  const [older, newer] = await Promise.all([from.changelogOf(old), to.changelogOf(next)]);
  const [known, entries] = order > 0 ? [newer, older] : [older, newer];
  const changelog = known === null || entries === null ? null : entriesBeyond(entries, known);
  return { kind: order < 0 ? "upgraded" : order > 0 ? "downgraded" : "rebuilt", ...common, changelog };
}

function entriesBeyond(
  entries: readonly ChangelogEntry[],
  known: readonly ChangelogEntry[],
): readonly ChangelogEntry[] {
  const identity = ({ time, author, text }: ChangelogEntry): string => JSON.stringify([time, author, text]);
  const seen = new Set(known.map(identity));
  return entries.filter((entry) => !seen.has(identity(entry)));
}

function byName(packages: readonly ComparedPackage[]): ReadonlyMap<string, readonly ComparedPackage[]> {
  const found = new Map<string, ComparedPackage[]>();
  for (const entry of packages) {
    const known = found.get(entry.name);
    if (known === undefined) found.set(entry.name, [entry]);
    else known.push(entry);
  }
  return found;
}

/** What changes from one lockfile to the next. */
import type { PackageChange } from "../events.js";
import type { Lockfile } from "../model/lockfile.js";
import { compareText } from "../model/nevra.js";
import { findPart, lockArchitecture, lockedArchitectures } from "./parts.js";

/**
 * Changes by package name, in the order of names: of several EVRs of one name (install-only packages, or several
 * architectures of packages) each that is not on both sides is a change of its own, paired in order. What changes in the
 * same way in the image of each architecture is one change.
 */
export function lockfileChanges(previous: Lockfile | null, next: Lockfile): readonly PackageChange[] {
  const archs = [
    ...new Set([...lockedArchitectures(next), ...(previous === null ? [] : lockedArchitectures(previous))]),
  ];
  if (archs.length === 1 || next.arch === undefined) return partChanges(previous, next);
  const where = new Map<string, { readonly change: PackageChange; readonly archs: string[] }>();
  for (const arch of archs) {
    for (const change of partChanges(previous && findPart(previous, arch), findPart(next, arch))) {
      const key = JSON.stringify(change);
      const known = where.get(key);
      if (known === undefined) where.set(key, { change, archs: [arch] });
      else known.archs.push(arch);
    }
  }
  return [...where.values()]
    .flatMap((entry) =>
      entry.archs.length === archs.length ? [entry.change] : entry.archs.map((arch) => ({ ...entry.change, arch })),
    )
    .sort((a, b) => compareText(a.name, b.name));
}

function partChanges(previous: Lockfile | null, next: Lockfile | null): readonly PackageChange[] {
  const before = evrsByName(previous);
  const after = evrsByName(next);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  return names.flatMap((name) => changesOf(name, before.get(name) ?? new Set(), after.get(name) ?? new Set()));
}

function changesOf(name: string, before: ReadonlySet<string>, after: ReadonlySet<string>): readonly PackageChange[] {
  const gone = [...before].filter((evr) => !after.has(evr)).sort(compareText);
  const come = [...after].filter((evr) => !before.has(evr)).sort(compareText);
  const paired = Math.min(gone.length, come.length);
  return [
    ...gone.slice(0, paired).map((from, index) => ({ kind: "updated", name, from, to: come[index] ?? "" }) as const),
    ...gone.slice(paired).map((evr) => ({ kind: "removed", name, evr }) as const),
    ...come.slice(paired).map((evr) => ({ kind: "added", name, evr }) as const),
  ];
}

function evrsByName(lock: Lockfile | null): Map<string, Set<string>> {
  const evrs = new Map<string, Set<string>>();
  for (const { name, evr } of lock?.packages ?? []) {
    const known = evrs.get(name);
    if (known === undefined) evrs.set(name, new Set([evr]));
    else known.add(evr);
  }
  return evrs;
}

export interface BaseChange {
  /** As the manifest has it, or had it. */
  readonly image: string;
  /** Digests of image manifests; null for no base image. */
  readonly from: string | null;
  readonly to: string | null;
}

/** Which base images are others, of the architectures of the next lockfile. */
export function baseChanges(previous: Lockfile | null, next: Lockfile): readonly BaseChange[] {
  const parts = [next, ...next.others];
  const changes = parts.flatMap((part): readonly BaseChange[] => {
    const before = previous === null ? undefined : findPart(previous, lockArchitecture(part))?.base;
    const [from, to] = [before?.digest ?? null, part.base?.digest ?? null];
    return from === to ? [] : [{ image: part.base?.image ?? before?.image ?? "", from, to }];
  });
  return [...new Map(changes.map((change) => [JSON.stringify(change), change])).values()];
}

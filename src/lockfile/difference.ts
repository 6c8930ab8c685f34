/** What changes from one lockfile to the next. */
import type { PackageChange } from "../events.js";
import type { Lockfile } from "../model/lockfile.js";
import { compareText } from "../model/nevra.js";

/**
 * Changes by package name, in the order of names: of several EVRs of one name (install-only packages, or several
 * architectures) each that is not on both sides is a change of its own, paired in order.
 */
export function lockfileChanges(previous: Lockfile | null, next: Lockfile): readonly PackageChange[] {
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

/** What a user means who names packages to update. */
import { RpmociError } from "../errors.js";
import { matchesGlob } from "../model/glob.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { compareText } from "../model/nevra.js";
import { binding } from "../native/load.js";

export interface Selection {
  /** Names of locked packages, sorted. */
  readonly names: readonly string[];
  /** Specifications of the manifest, as written, sorted. */
  readonly specs: readonly string[];
}

/**
 * The locked packages and the manifest's specifications that each of `patterns` names: a name, the specification as
 * written or its first word, or a glob of these. Throws an `RpmociError` of kind `usage` for one that names nothing.
 */
export function selectPackages(patterns: readonly string[], manifest: Manifest, lock: Lockfile | null): Selection {
  const parts = lock === null ? [] : [lock, ...lock.others];
  const locked = [...new Set(parts.flatMap(({ packages }) => packages.map(({ name }) => name)))];
  const names = new Set<string>();
  const specs = new Set<string>();
  for (const pattern of patterns) {
    const matches = (text: string): boolean => text === pattern || matchesGlob(pattern, text);
    const foundNames = locked.filter(matches);
    const foundSpecs = manifest.packages.filter((spec) => matches(spec) || matches(firstWord(spec)));
    if (foundNames.length + foundSpecs.length === 0) throw unknown(pattern, [...locked, ...manifest.packages]);
    for (const name of foundNames) names.add(name);
    for (const spec of foundSpecs) specs.add(spec);
  }
  return { names: [...names].sort(compareText), specs: [...specs].sort(compareText) };
}

function firstWord(spec: string): string {
  return spec.split(/[\s<>=]/, 1)[0] ?? spec;
}

function unknown(pattern: string, known: readonly string[]): RpmociError {
  const similar = binding().similarNames(pattern, known);
  return new RpmociError(`'${pattern}' is neither a locked package nor one of the manifest's packages`, {
    kind: "usage",
    code: "PACKAGE_UNKNOWN",
    hint: similar.length === 0 ? undefined : `did you mean ${similar.join(", ")}?`,
  });
}

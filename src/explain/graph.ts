/** How the packages of a lockfile depend on each other, and which of them the manifest asks for. */
import type { LocatedRequest } from "../model/explanation.js";
import type { LockedPackage, Lockfile } from "../model/lockfile.js";
import { compareText, withoutZeroEpoch } from "../model/nevra.js";
import type { LockedDependency, LockedEntry, LockedSet } from "../native/binding.js";

export interface GraphPackage {
  readonly name: string;
  /** Null for a local package that is not there. */
  readonly evr: string | null;
  readonly arch: string | null;
  /** Null for local packages. */
  readonly repositoryId: string | null;
  /** False when neither metadata nor an RPM tell what it requires and provides. */
  readonly known: boolean;
}

export interface GraphEdge {
  /** Index of the package that is required. */
  readonly to: number;
  /** `recommends` and `supplements` only where nothing in the image requires the package. */
  readonly kind: LockedDependency["kind"];
  /** What the two have in common, the shortest first: requirements such as `libc.so.6(GLIBC_2.34)(64bit)`. */
  readonly dependencies: readonly string[];
}

export interface GraphRoot {
  readonly request: LocatedRequest;
  /** Indices of the packages that it means. */
  readonly packages: readonly number[];
}

export interface DependencyGraph {
  /** Sorted by name; local packages come last. */
  readonly packages: readonly GraphPackage[];
  /** By the index of the package that requires; each list in the order of `to`. */
  readonly edges: readonly (readonly GraphEdge[])[];
  /** In the order of the manifest. */
  readonly roots: readonly GraphRoot[];
}

export interface LockedMatches {
  /** Indices of packages. */
  readonly packages: readonly number[];
  /** Names that resemble what matches nothing. */
  readonly similar: readonly string[];
}

/** Loaded repositories. */
export interface LockedSetSource {
  examineLockedSet(entries: readonly LockedEntry[], specs: readonly string[]): Promise<LockedSet>;
}

/** The locked packages that no repository has, which only their RPMs could describe. */
export function unknownPackages({ packages }: DependencyGraph, lock: Lockfile): readonly LockedPackage[] {
  return lock.packages.filter((_, index) => packages[index]?.known === false);
}

/** Names of the packages that a specification of groups means, by specification. */
export type GroupMembers = ReadonlyMap<string, ReadonlySet<string>>;

/** Asks loaded repositories how the locked packages depend on each other, and which of them `query` means. */
export async function readGraph(
  repositories: LockedSetSource,
  lock: Lockfile,
  requests: readonly LocatedRequest[],
  query: string | null,
  groupMembers: GroupMembers,
): Promise<{ readonly graph: DependencyGraph; readonly found: LockedMatches }> {
  const entries = [...lock.packages.map(entryOf), ...lock.localPackages.map(localEntryOf)];
  const specs = requests.map(({ kind, text }) => (kind === "spec" && !groupMembers.has(text) ? text : ""));
  const facts = await repositories.examineLockedSet(entries, query === null ? specs : [...specs, query]);
  const packages = entries.map((entry, index) => describe(entry, facts.packages[index]?.package ?? null));
  const roots = requests.map((request, index): GraphRoot => {
    const members = groupMembers.get(request.text);
    if (members !== undefined) {
      return { request, packages: entries.flatMap(({ name }, at) => (members.has(name) ? [at] : [])) };
    }
    if (request.kind === "spec") return { request, packages: facts.matches[index]?.packages ?? [] };
    const local = lock.localPackages.findIndex(({ name }) => name === request.text);
    return { request, packages: local < 0 ? [] : [lock.packages.length + local] };
  });
  const edges = withoutNeedlessRecommendations(facts.packages.map(edgesOf), roots);
  const found = query === null ? { packages: [], similar: [] } : facts.matches.at(-1);
  return { graph: { packages, edges, roots }, found: found ?? { packages: [], similar: [] } };
}

function entryOf({ name, evr, arch, repositoryId }: LockedPackage): LockedEntry {
  return { name, evr: withoutZeroEpoch(evr), arch: arch ?? "", repositoryId, requirements: [] };
}

function localEntryOf({ name, requires }: Lockfile["localPackages"][number]): LockedEntry {
  return {
    name,
    evr: "",
    arch: "",
    repositoryId: "",
    requirements: requires.filter((text) => !/^rpmlib\(/.test(text)),
  };
}

function describe(entry: LockedEntry, found: LockedSet["packages"][number]["package"]): GraphPackage {
  const { name } = entry;
  const local = entry.evr === "";
  const { evr, arch } = found ?? { evr: entry.evr || null, arch: entry.arch || null };
  return { name, evr, arch, repositoryId: local ? null : entry.repositoryId, known: local || found !== null };
}

function edgesOf({ dependencies }: LockedSet["packages"][number]): readonly GraphEdge[] {
  const edges = new Map<number, GraphEdge>();
  // Requirements come before recommendations, which do not matter where there is one.
  for (const { kind, text, packages } of dependencies) {
    for (const to of packages) {
      const before = edges.get(to);
      if (before === undefined) edges.set(to, { to, kind, dependencies: [text] });
      else if (before.kind === kind) edges.set(to, { ...before, dependencies: [...before.dependencies, text] });
    }
  }
  return [...edges.values()]
    .map((edge) => ({
      ...edge,
      dependencies: edge.dependencies.toSorted(byTelling),
    }))
    .sort((a, b) => a.to - b.to);
}

/** The shortest first; last what any ELF file requires of the dynamic linker. */
function byTelling(a: string, b: string): number {
  const linker = (text: string): number => Number(text.startsWith("rtld("));
  return linker(a) - linker(b) || a.length - b.length || compareText(a, b);
}

/** A package that something requires is not there for the sake of a recommendation. */
function withoutNeedlessRecommendations(
  edges: readonly (readonly GraphEdge[])[],
  roots: readonly GraphRoot[],
): readonly (readonly GraphEdge[])[] {
  const required = new Set(roots.flatMap(({ packages }) => packages));
  for (const from of required) {
    for (const { to, kind } of edges[from] ?? []) if (kind === "requires") required.add(to);
  }
  return edges.map((list) => list.filter(({ to, kind }) => kind === "requires" || !required.has(to)));
}

/** The shortest ways from the manifest to a package. */
import type { LocatedRequest } from "../model/explanation.js";
import type { DependencyGraph, GraphEdge, GraphPackage } from "./graph.js";

export interface ExplainedLink {
  readonly package: GraphPackage;
  /** How the package before depends on it; null for the first, which the manifest asks for. */
  readonly edge: Omit<GraphEdge, "to"> | null;
}

export interface ExplainedChain {
  readonly request: LocatedRequest;
  /** At least one; the last is the package in question. */
  readonly links: readonly ExplainedLink[];
}

export interface ChainOptions {
  /** The shortest chains from every request that leads to the package, rather than the shortest of all. */
  readonly all: boolean;
  /** How many chains to return at most. */
  readonly limit: number;
}

/** Chains in the order of the manifest and of the packages' names, and how many there are without the limit. */
export function chainsTo(
  graph: DependencyGraph,
  target: number,
  { all, limit }: ChainOptions,
): { readonly chains: readonly ExplainedChain[]; readonly total: number } {
  const { distances, counts } = waysTo(graph, target);
  const starts = graph.roots.flatMap(({ request, packages }) => {
    const nearest = Math.min(...packages.map((index) => distances.get(index) ?? Number.POSITIVE_INFINITY));
    return packages
      .filter((index) => distances.has(index) && distances.get(index) === nearest)
      .map((index) => ({ request, index, distance: nearest }));
  });
  const shortest = Math.min(...starts.map(({ distance }) => distance));
  const chosen = starts.filter(({ distance }) => all || distance === shortest);
  const chains: ExplainedChain[] = [];
  for (const { request, index } of chosen) {
    for (const links of linksFrom(graph, index, distances)) {
      if (chains.length === limit) break;
      chains.push({ request, links });
    }
  }
  return { chains, total: chosen.reduce((sum, { index }) => sum + (counts.get(index) ?? 0), 0) };
}

/** For each package that leads to `target`: over how many edges at least, and in how many ways that is possible. */
function waysTo(
  { edges }: DependencyGraph,
  target: number,
): { readonly distances: ReadonlyMap<number, number>; readonly counts: ReadonlyMap<number, number> } {
  const sources: number[][] = edges.map(() => []);
  for (const [from, list] of edges.entries()) for (const { to } of list) sources[to]?.push(from);
  const distances = new Map([[target, 0]]);
  const counts = new Map([[target, 1]]);
  // A map may grow while it is iterated over: the search goes on in breadth.
  for (const [at, distance] of distances) {
    for (const from of sources[at] ?? []) {
      if (!distances.has(from)) distances.set(from, distance + 1);
      if (distances.get(from) === distance + 1) counts.set(from, (counts.get(from) ?? 0) + (counts.get(at) ?? 0));
    }
  }
  return { distances, counts };
}

/** All shortest chains that begin at one package, made as they are asked for: there may be very many. */
function* linksFrom(
  graph: DependencyGraph,
  start: number,
  distances: ReadonlyMap<number, number>,
  edge: ExplainedLink["edge"] = null,
): Generator<readonly ExplainedLink[]> {
  const subject = graph.packages[start];
  const distance = distances.get(start);
  if (subject === undefined || distance === undefined) return;
  const link = { package: subject, edge };
  if (distance === 0) {
    yield [link];
    return;
  }
  for (const { to, ...next } of graph.edges[start] ?? []) {
    if (distances.get(to) !== distance - 1) continue;
    for (const rest of linksFrom(graph, to, distances, next)) yield [link, ...rest];
  }
}

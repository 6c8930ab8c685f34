/** The graph of dependencies as trees. */
import type { LocatedRequest } from "../model/explanation.js";
import type { DependencyGraph, GraphEdge, GraphPackage } from "./graph.js";

export interface TreeNode {
  readonly package: GraphPackage;
  /** How it and the node above depend on each other; null for a root. */
  readonly edge: Omit<GraphEdge, "to"> | null;
  /** In an inverse tree: what in the manifest asks for this package itself. */
  readonly requests: readonly LocatedRequest[];
  /** Its children are shown elsewhere: where it is the nearest to a root, and first among such places. */
  readonly repeated: boolean;
  /** In the order of their names. */
  readonly children: readonly TreeNode[];
}

export interface TreeRoot {
  /** What in the manifest asks for it; null in a tree of one package. */
  readonly request: LocatedRequest | null;
  readonly node: TreeNode;
}

export interface TreeShape {
  /** Children are the packages that require, rather than those that are required. */
  readonly inverse: boolean;
  /** How many levels below the roots there are at most. */
  readonly depth: number;
}

/** Trees of what the manifest asks for, or of the packages with the given indices. */
export function treesOf(
  graph: DependencyGraph,
  packages: readonly number[] | null,
  { inverse, depth }: TreeShape,
): readonly TreeRoot[] {
  const edges = inverse ? reversed(graph.edges) : graph.edges;
  const starts = packages ?? graph.roots.flatMap((root) => root.packages);
  const levels = levelsBelow(edges, starts);
  const grown = new Set<number>();
  const grow = (index: number, subject: GraphPackage, edge: TreeNode["edge"], level: number): TreeNode => {
    const requests = inverse ? requestsFor(graph, index) : [];
    const below = edges[index] ?? [];
    const node = { package: subject, edge, requests, repeated: false, children: [] };
    if (grown.has(index) || levels.get(index) !== level) {
      return { ...node, requests: [], repeated: below.length + requests.length > 0 };
    }
    if (level === depth) return node;
    grown.add(index);
    const children = below.flatMap(({ to, ...rest }) => {
      const child = graph.packages[to];
      return child === undefined ? [] : [grow(to, child, rest, level + 1)];
    });
    return { ...node, children };
  };
  const rootOf =
    (request: LocatedRequest | null) =>
    (index: number): readonly TreeRoot[] => {
      const subject = graph.packages[index];
      return subject === undefined ? [] : [{ request, node: grow(index, subject, null, 0) }];
    };
  if (packages !== null) return packages.flatMap(rootOf(null));
  return graph.roots.flatMap((root) => root.packages.flatMap(rootOf(root.request)));
}

/** How far each package is from the nearest of some. */
function levelsBelow(edges: DependencyGraph["edges"], starts: readonly number[]): ReadonlyMap<number, number> {
  const levels = new Map(starts.map((index) => [index, 0]));
  // A map may grow while it is iterated over: the search goes on in breadth.
  for (const [at, level] of levels) {
    for (const { to } of edges[at] ?? []) if (!levels.has(to)) levels.set(to, level + 1);
  }
  return levels;
}

/** Indices of the packages that nothing in the manifest leads to, as far as is known. */
export function unreachedPackages({ packages, edges, roots }: DependencyGraph): readonly number[] {
  const reached = levelsBelow(
    edges,
    roots.flatMap((root) => root.packages),
  );
  return [...packages.keys()].filter((index) => !reached.has(index));
}

function requestsFor({ roots }: DependencyGraph, index: number): readonly LocatedRequest[] {
  return roots.filter(({ packages }) => packages.includes(index)).map(({ request }) => request);
}

function reversed(edges: DependencyGraph["edges"]): DependencyGraph["edges"] {
  const result: GraphEdge[][] = edges.map(() => []);
  for (const [from, list] of edges.entries()) for (const edge of list) result[edge.to]?.push({ ...edge, to: from });
  return result;
}

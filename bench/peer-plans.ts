/**
 * How peers would share the same packages out over layers. Only the choice is theirs; the layers are written by our own
 * code. Both begin with the packages of one source, as far as the behaviour is described there:
 *
 * - apko, pkg/build/layers.go and the `layering` of its image configuration: with the strategy `origin` and a budget, the
 *   largest by installed size have a layer each, and the last layer of the budget takes all others. What belongs to no
 *   package comes on top. (Packages that replace others would join them; these do not.)
 * - chunkah, src/packing.rs and src/components/rpm.rs: a source's stability is the chance to see no change within a week,
 *   with as many changes to be expected as its changelog has of the last year. The two groups whose union costs the
 *   least of all bytes times stability are united until there are few enough. What belongs to no package is a component
 *   of no stability, which may be united with others as well.
 */
import type { Cluster } from "../src/plan/bins.js";

/** Names of packages, a list for each layer but the topmost. */
export type Groups = readonly (readonly string[])[];

/** `budget` does not count the layer on top; clusters have installed sizes. */
export function apkoGroups(clusters: readonly Cluster[], budget: number): Groups {
  const ordered = clusters.toSorted((a, b) => b.size - a.size || (namesOf(a).at(-1) ?? "").localeCompare(b.name));
  if (ordered.length <= budget) return ordered.map(namesOf);
  return [...ordered.slice(0, budget - 1).map(namesOf), ordered.slice(budget - 1).flatMap(namesOf)];
}

const DAY = 24 * 60 * 60;
const PERIOD = 7 * DAY;
const LOOK_BACK = 365 * DAY;

/** `changes` are the changelog's times, `now` the image's; all in seconds. */
export function chunkahStability(changes: readonly number[], now: number): number {
  const recent = changes.filter((time) => time >= now - LOOK_BACK);
  if (recent.length === 0) return 0.99;
  const span = now - Math.min(...recent);
  return span < DAY ? 0 : Math.exp((-recent.length / span) * PERIOD);
}

interface Component {
  readonly names: readonly string[];
  readonly size: number;
  readonly stability: number;
  /** Holds what belongs to no package. */
  readonly isTop: boolean;
}

export interface ChunkahRequest {
  readonly clusters: readonly Cluster[];
  readonly stability: (cluster: Cluster) => number;
  /** Bytes that belong to no package. */
  readonly unowned: number;
  /** The topmost layer included. */
  readonly max: number;
}

export function chunkahGroups({ clusters, stability, unowned, max }: ChunkahRequest): Groups {
  const groups: Component[] = [
    { names: [], size: unowned, stability: 0, isTop: true },
    ...clusters.map((cluster) => ({
      names: namesOf(cluster),
      size: cluster.size,
      stability: stability(cluster),
      isTop: false,
    })),
  ];
  while (groups.length > max) {
    let best = { loss: Number.POSITIVE_INFINITY, first: 0, second: 1 };
    for (const [first, a] of groups.entries()) {
      for (let second = first + 1; second < groups.length; second += 1) {
        const loss = lossOf(a, groups[second] as Component);
        if (loss < best.loss) best = { loss, first, second };
      }
    }
    const [b] = groups.splice(best.second, 1);
    const [a] = groups.splice(best.first, 1);
    if (a !== undefined && b !== undefined) groups.push(union(a, b));
  }
  return groups
    .filter(({ isTop }) => !isTop)
    .toSorted((a, b) => b.stability - a.stability)
    .map(({ names }) => names);
}

function union(a: Component, b: Component): Component {
  return {
    names: [...a.names, ...b.names],
    size: a.size + b.size,
    stability: a.stability * b.stability,
    isTop: a.isTop || b.isTop,
  };
}

function lossOf(a: Component, b: Component): number {
  return a.size * a.stability + b.size * b.stability - (a.size + b.size) * a.stability * b.stability;
}

function namesOf(cluster: Cluster): readonly string[] {
  return cluster.packages.map(({ name }) => name);
}

/** What chunkah's algorithms choose among, after its src/components (rpm, bigfiles): as facts, in words of our own. */
import type { Cluster } from "../src/plan/bins.js";
import type { Groups } from "./layer-sizes.js";

export interface Component {
  readonly name: string;
  /** Bytes of its files. */
  readonly size: number;
  /** The chance that it does not change within a week. */
  readonly stability: number;
  readonly packages: readonly string[];
  /** Whether no package owns it: our writer has that in the topmost layer, with all that shares its group. */
  readonly isTop: boolean;
}

const DAY = 24 * 60 * 60;
const WEEK = 7 * DAY;
const YEAR = 365 * DAY;

/**
 * A source's packages are a component, and each large file that no package owns, such as the rpm database; what else is
 * not owned is one more. `changes` has the times in a cluster's changelogs, in seconds; `now` is the image's.
 */
export function chunkahComponents(
  clusters: readonly Cluster[],
  changes: (cluster: Cluster) => readonly number[],
  databaseSize: number,
  now: number,
): readonly Component[] {
  const sources = clusters.map((cluster) => ({
    name: `rpm/${cluster.name}`,
    size: cluster.size,
    stability: stabilityOf(changes(cluster), now),
    packages: cluster.packages.map(({ name }) => name),
    isTop: false,
  }));
  const unowned = { stability: 0, packages: [], isTop: true };
  return [
    ...sources,
    { ...unowned, name: "bigfiles/rpmdb.sqlite", size: databaseSize },
    { ...unowned, name: "chunkah/unclaimed", size: 0 },
  ];
}

/** As many changes are expected as there were on average since the first one of the last year. */
function stabilityOf(changes: readonly number[], now: number): number {
  const recent = changes.filter((time) => time >= now - YEAR);
  if (recent.length === 0) return 0.99;
  const span = now - Math.min(...recent);
  return span < DAY ? 0 : Math.exp((-recent.length * WEEK) / span);
}

/** Without those of the topmost layer. */
export function groupsOf(layers: readonly (readonly Component[])[]): Groups {
  return layers
    .filter((members) => !members.some(({ isTop }) => isTop))
    .map((members) => members.flatMap(({ packages }) => packages));
}

/**
 * How chunkah shared components out before 0.5, after src/packing.rs of 0.4: of all pairs, those two groups are united
 * whose union costs the least of bytes times stability, until there are few enough.
 */
import { type Component, groupsOf } from "./chunkah-components.js";
import type { Groups } from "./layer-sizes.js";

interface Group {
  readonly members: readonly Component[];
  readonly size: number;
  readonly stability: number;
}

/** `max` counts the topmost layer. */
export function chunkahGreedyGroups(components: readonly Component[], max: number): Groups {
  const groups: Group[] = components.map((component) => ({ ...component, members: [component] }));
  while (groups.length > max) {
    let best = { cost: Number.POSITIVE_INFINITY, first: 0, second: 1 };
    for (const [first, a] of groups.entries()) {
      for (let second = first + 1; second < groups.length; second += 1) {
        const cost = costOf(a, groups[second] as Group);
        if (cost < best.cost) best = { cost, first, second };
      }
    }
    const [b] = groups.splice(best.second, 1) as [Group];
    const [a] = groups.splice(best.first, 1) as [Group];
    groups.push(union(a, b));
  }
  return groupsOf(groups.map(({ members }) => members));
}

function union(a: Group, b: Group): Group {
  return {
    members: [...a.members, ...b.members],
    size: a.size + b.size,
    stability: a.stability * b.stability,
  };
}

function costOf(a: Group, b: Group): number {
  const together = union(a, b);
  return a.size * a.stability + b.size * b.stability - together.size * together.stability;
}

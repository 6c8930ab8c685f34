/** Which packages share a layer. */
import { matchesGlob } from "../model/glob.js";
import type { LayersSection, PlannedLayer } from "../model/layer-plan.js";
import type { LockedLayerPlan, LockedLocalPackage, LockedPackage } from "../model/lockfile.js";
import { compareText } from "../model/nevra.js";
import { type Bin, binsOf, clustersOf, evenBins } from "./bins.js";
import { continuePlan } from "./continue-plan.js";
import { type NamedPackages, namedPackages } from "./packages.js";
import { unusedName } from "./unused-name.js";

/** The layer of packages that are not from a repository; most of them are what the image is made for. */
const LOCAL = "local";

export interface PlanRequest {
  readonly packages: readonly LockedPackage[];
  readonly localPackages: readonly LockedLocalPackage[];
  readonly section: Pick<LayersSection, "strategy" | "max" | "groups">;
  /** The plan of an earlier lockfile. */
  readonly previous: LockedLayerPlan | null;
}

/**
 * Null for a single layer. Every package is in one layer, and there are at most `max - 1`, because one more comes on top;
 * the layer of local packages is the last. The plan depends on the request alone, not on the order of packages.
 *
 * Where `previous` was made for the same section, packages stay in the layers where they were, so that a small change of
 * packages changes few layers; it is returned as it is when it has the same packages.
 */
export function planLayers({ packages, localPackages, section, previous }: PlanRequest): LockedLayerPlan | null {
  const { strategy, max, groups } = section;
  if (strategy === "single") return null;
  const named = namedPackages(packages, localPackages);
  const pinned = groups.map((group) => ({ name: group.name, packages: [] as string[] }));
  const free: NamedPackages[] = [];
  for (const candidate of named) {
    const index = groups.findIndex((group) =>
      group.packages.some((pattern) => pattern === candidate.name || matchesGlob(pattern, candidate.name)),
    );
    const group = pinned[index];
    if (group === undefined) free.push(candidate);
    else group.packages.push(candidate.name);
  }
  const fixed = pinned.filter((group) => group.packages.length > 0);
  const local = localPackages.map(({ name }) => name).sort(compareText);
  // Room for all groups and for local packages, even if there are none today: the first must not move everything.
  const room = max - 2 - groups.length;
  const clusters = clustersOf(free, ({ name, source }) => (strategy === "package" ? name : source));
  const bins = strategy === "size" ? evenBins(clusters, room) : binsOf(clusters, room);
  const taken = new Set([...groups.map(({ name }) => name), LOCAL]);
  // Of as many even layers as there were, one must not vanish because the largest package has grown a bit.
  const count = strategy === "size" ? Math.min(room, Math.max(bins.length, previous?.layers.length ?? 0)) : room;
  const continued = isFor(previous, section) ? continuePlan(previous, clusters, count, taken) : null;
  const layers = continued ?? newPlan(bins, taken);
  const all = [...fixed, ...layers, ...(local.length > 0 ? [{ name: LOCAL, packages: local }] : [])];
  return { strategy, max, groups, layers: all };
}

function isFor(
  plan: LockedLayerPlan | null,
  { strategy, max, groups }: PlanRequest["section"],
): plan is LockedLayerPlan {
  return (
    plan !== null &&
    plan.strategy === strategy &&
    plan.max === max &&
    JSON.stringify(plan.groups) === JSON.stringify(groups)
  );
}

/** The ones that change the least first: by the latest build in each. */
function newPlan(bins: readonly Bin[], taken: ReadonlySet<string>): readonly PlannedLayer[] {
  const latest = (bin: Bin): number => Math.max(...bin.clusters.map(({ buildTime }) => buildTime));
  const ordered = bins.toSorted((a, b) => latest(a) - latest(b) || compareText(a.name, b.name));
  const names = new Set(taken);
  return ordered.map((bin) => {
    const name = unusedName(bin.name, names);
    names.add(name);
    return {
      name,
      packages: bin.clusters.flatMap(({ packages }) => packages.map((named) => named.name)).sort(compareText),
    };
  });
}

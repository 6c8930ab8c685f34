/** Carries a plan on when packages come and go. */
import type { LayerPlan, PlannedLayer } from "../model/layer-plan.js";
import { compareText } from "../model/nevra.js";
import type { Cluster } from "./bins.js";
import { totalSize } from "./packages.js";
import { unusedName } from "./unused-name.js";

/** A layer may grow to as many times the average before everything is planned anew. */
const OUT_OF_PROPORTION = 4;

interface OpenLayer {
  readonly name: string;
  readonly packages: string[];
  size: number;
}

/**
 * Every package stays in its layer. A new one joins the layer of its cluster; a new cluster gets a layer of its own while
 * there are fewer than `count` and it is larger than the average of what would be left, else it joins the smallest one.
 * Layers that are empty vanish. `others` are the names of layers that are not planned here.
 *
 * Null when the plan has lost its balance: a layer of several clusters has become larger than four times the average, so
 * that little would be reused of it.
 */
export function continuePlan(
  previous: LayerPlan,
  clusters: readonly Cluster[],
  count: number,
  others: ReadonlySet<string>,
): readonly PlannedLayer[] | null {
  const layers: OpenLayer[] = previous.layers
    .filter(({ name }) => !others.has(name))
    .map(({ name }) => ({ name, packages: [], size: 0 }));
  const layerOf = new Map(
    previous.layers.flatMap(({ name, packages }) => packages.map((packageName) => [packageName, name] as const)),
  );
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const put = (layer: OpenLayer, packages: Cluster["packages"]): void => {
    layer.packages.push(...packages.map(({ name }) => name));
    layer.size += totalSize(packages);
  };
  const homeless: Cluster[] = [];
  for (const cluster of clusters) {
    const homes = cluster.packages.map(({ name }) => byName.get(layerOf.get(name) ?? ""));
    const home = homes.find((layer) => layer !== undefined);
    if (home === undefined) homeless.push(cluster);
    else for (const [index, named] of cluster.packages.entries()) put(homes[index] ?? home, [named]);
  }
  const used = layers.filter(({ packages }) => packages.length > 0);
  const average = totalSize(clusters) / count;
  for (const cluster of homeless.toSorted((a, b) => b.size - a.size || compareText(a.name, b.name))) {
    const smallest = used.reduce<OpenLayer | undefined>(
      (a, b) => (a !== undefined && a.size <= b.size ? a : b),
      undefined,
    );
    if (smallest !== undefined && (used.length >= count || cluster.size < average)) put(smallest, cluster.packages);
    else {
      const layer = { name: unusedName(cluster.name, new Set([...byName.keys(), ...others])), packages: [], size: 0 };
      put(layer, cluster.packages);
      byName.set(layer.name, layer);
      used.push(layer);
    }
  }
  const isLost = used.some(
    ({ packages, size }) => size > OUT_OF_PROPORTION * average && !isOneCluster(packages, clusters),
  );
  if (used.length > count || isLost) return null;
  return used.map(({ name, packages }) => ({ name, packages: packages.sort(compareText) }));
}

function isOneCluster(packages: readonly string[], clusters: readonly Cluster[]): boolean {
  const names = new Set(packages);
  return clusters.filter((cluster) => cluster.packages.some(({ name }) => names.has(name))).length === 1;
}

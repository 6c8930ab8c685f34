/**
 * How apko would share the same packages out over layers, after its pkg/build/layers.go and the `layering` of its image
 * configuration: with the strategy `origin` and a budget, packages of one source stay together, the largest by installed
 * size have a layer each, and the last layer of the budget takes all others. What belongs to no package comes on top.
 * Packages that replace others would join them; here none do.
 */

import { compareText } from "../src/model/nevra.js";
import type { Cluster } from "../src/plan/bins.js";
import type { Groups } from "./layer-sizes.js";

/** `budget` does not count the layer on top; sizes of clusters are installed ones. */
export function apkoGroups(clusters: readonly Cluster[], budget: number): Groups {
  const ordered = clusters.toSorted((a, b) => b.size - a.size || compareText(a.name, b.name));
  const groups = ordered.map(({ packages }) => packages.map(({ name }) => name));
  return groups.length <= budget ? groups : [...groups.slice(0, budget - 1), groups.slice(budget - 1).flat()];
}

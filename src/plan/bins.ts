/** Distributes packages over a limited number of layers. */
import { compareText } from "../model/nevra.js";
import { type NamedPackages, totalSize } from "./packages.js";

/** Packages that change together, and stay together. */
export interface Cluster {
  readonly name: string;
  readonly packages: readonly NamedPackages[];
  readonly size: number;
  readonly buildTime: number;
}

/** A layer before it has its final place. */
export interface Bin {
  readonly name: string;
  readonly clusters: readonly Cluster[];
}

/** Packages with the same key are one cluster. */
export function clustersOf(
  packages: readonly NamedPackages[],
  key: (named: NamedPackages) => string,
): readonly Cluster[] {
  const byKey = new Map<string, NamedPackages[]>();
  for (const named of packages) {
    const members = byKey.get(key(named));
    if (members === undefined) byKey.set(key(named), [named]);
    else members.push(named);
  }
  return [...byKey].map(([name, members]) => ({
    name,
    packages: members,
    size: totalSize(members),
    buildTime: Math.max(...members.map(({ buildTime }) => buildTime)),
  }));
}

/**
 * At most `count` bins, at least one if there are clusters. When every cluster cannot have its own, large ones have: each
 * that is larger than a bin would be on average. The others are put together by the time when they were built, in bins
 * of about equal size: what was built long ago has not changed for long, and will go on so, while packages that change
 * often share few bytes with others.
 */
export function binsOf(clusters: readonly Cluster[], count: number): readonly Bin[] {
  if (clusters.length <= count) return clusters.map((cluster) => ({ name: cluster.name, clusters: [cluster] }));
  const bySize = clusters.toSorted((a, b) => b.size - a.size || compareText(a.name, b.name));
  let alone = 0;
  // Each that leaves makes the bins of the others smaller, and one of them fewer.
  for (let rest = totalSize(clusters); alone < count - 1; ++alone) {
    const size = bySize[alone]?.size ?? 0;
    if (size * (count - alone) < rest) break;
    rest -= size;
  }
  const single = bySize.slice(0, alone).map((cluster) => ({ name: cluster.name, clusters: [cluster] }));
  return [...single, ...equalBins(bySize.slice(alone), count - alone)];
}

function equalBins(clusters: readonly Cluster[], count: number): readonly Bin[] {
  const ordered = clusters.toSorted((a, b) => a.buildTime - b.buildTime || compareText(a.name, b.name));
  const total = totalSize(ordered);
  const bins: Cluster[][] = Array.from({ length: count }, () => []);
  let before = 0;
  for (const cluster of ordered) {
    // By the middle of what it takes: a bin may then be too large or too small by half a cluster.
    const place = total === 0 ? 0 : Math.floor((count * (before + cluster.size / 2)) / total);
    bins[Math.min(place, count - 1)]?.push(cluster);
    before += cluster.size;
  }
  return bins
    .filter((members) => members.length > 0)
    .map((members, index) => ({ name: `packages-${index + 1}`, clusters: members }));
}

/**
 * Bins of about the same size, at most `count`: as many as have room for the largest cluster each, since more would not
 * make the largest bin smaller. The largest cluster goes first, each into the bin that has the least by then.
 */
export function evenBins(clusters: readonly Cluster[], count: number): readonly Bin[] {
  const largest = Math.max(1, ...clusters.map(({ size }) => size));
  const useful = Math.min(count, clusters.length, Math.max(1, Math.round(totalSize(clusters) / largest)));
  const bins = Array.from({ length: useful }, (_, index) => ({
    name: `packages-${index + 1}`,
    clusters: [] as Cluster[],
    size: 0,
  }));
  for (const cluster of clusters.toSorted((a, b) => b.size - a.size || compareText(a.name, b.name))) {
    const smallest = bins.reduce((a, b) => (a.size <= b.size ? a : b));
    smallest.clusters.push(cluster);
    smallest.size += cluster.size;
  }
  return bins;
}

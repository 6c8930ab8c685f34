/**
 * The ways to share packages out over layers that are compared over updates. The last has more layers than an image may:
 * no way that keeps the packages of a source together reuses more.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { LayersSection } from "../src/model/layer-plan.js";
import type { LockedLayerPlan } from "../src/model/lockfile.js";
import { type Cluster, clustersOf } from "../src/plan/bins.js";
import { namedPackages } from "../src/plan/packages.js";
import { planLayers } from "../src/plan/plan-layers.js";
import { apkoGroups } from "./apko-plan.js";
import { type Component, chunkahComponents } from "./chunkah-components.js";
import { chunkahGreedyGroups } from "./chunkah-greedy.js";
import { chunkahGroups } from "./chunkah-plan.js";
import type { Groups } from "./layer-sizes.js";
import { DATABASE_PATH } from "./rpm-root.js";
import type { Release } from "./update-history.js";

export interface Way {
  readonly name: string;
  /** Is called for the states in their order. */
  plan(releases: readonly Release[], root: string): Groups;
}

/** The layers of an image, at most; the default of `[layers]`. */
export const MAX_LAYERS = 40;

export function ways(): readonly Way[] {
  return [
    own("source"),
    own("package"),
    own("size"),
    { name: "single layer", plan: () => [] },
    // One more comes on top.
    { name: "apko", plan: (releases) => apkoGroups(installedClusters(releases), MAX_LAYERS - 1) },
    { name: "chunkah 0.6", plan: (releases, root) => chunkahGroups(components(releases, root), MAX_LAYERS) },
    { name: "chunkah 0.4", plan: (releases, root) => chunkahGreedyGroups(components(releases, root), MAX_LAYERS) },
    { name: "a layer a source", plan: (releases) => installedClusters(releases).map(namesOf) },
  ];
}

function namesOf({ packages }: Cluster): readonly string[] {
  return packages.map(({ name }) => name);
}

/** The plan is carried on as the lockfile does. */
export function own(strategy: Exclude<LayersSection["strategy"], "single">): Way {
  let previous: LockedLayerPlan | null = null;
  return {
    name: strategy,
    plan: (releases) => {
      const packages = releases.map(({ locked }) => locked);
      const section = { strategy, max: MAX_LAYERS, groups: [] };
      previous = planLayers({ packages, localPackages: [], section, previous });
      return previous?.layers.map((layer) => layer.packages) ?? [];
    },
  };
}

function installedClusters(releases: readonly Release[]): readonly Cluster[] {
  const installed = releases.map(({ locked, installedSize }) => ({ ...locked, size: installedSize }));
  return clustersOf(namedPackages(installed, []), ({ source }) => source);
}

/** The changelogs are Debian's, which the packages bring as documentation. The image is made a week after the last build. */
function components(releases: readonly Release[], root: string): readonly Component[] {
  const clusters = installedClusters(releases);
  const now = Math.max(...clusters.map(({ buildTime }) => buildTime)) + 7 * 24 * 60 * 60;
  const changes = ({ packages, buildTime }: Cluster): readonly number[] =>
    packages.map(({ name }) => changelogTimes(root, name)).find((times) => times.length > 0) ?? [buildTime];
  return chunkahComponents(clusters, changes, statSync(join(root, DATABASE_PATH, "rpmdb.sqlite")).size, now);
}

function changelogTimes(root: string, name: string): readonly number[] {
  const files = ["changelog.Debian.gz", "changelog.gz"].map((file) => join(root, "usr/share/doc", name, file));
  const file = files.find((candidate) => existsSync(candidate));
  if (file === undefined) return [];
  const lines = gunzipSync(readFileSync(file))
    .toString("latin1")
    .matchAll(/^ -- .*?>\s+(.+)$/gm);
  return [...lines].map(([, date = ""]) => Date.parse(date) / 1000).filter((time) => !Number.isNaN(time));
}

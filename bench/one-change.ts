/** How much is reused, and how long does it take, when one package of all changes? */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { namedPackages } from "../src/plan/packages.js";
import { canonicalizeRoot } from "../src/rootfs/canonicalize.js";
import { makeWorkFolder } from "./folder.js";
import type { Groups } from "./layer-sizes.js";
import type { StagedLayer, StagePlan, StageResult } from "./layer-stage.js";
import { layerStage } from "./layer-subject.js";
import { own } from "./layer-ways.js";
import { type Measurement, measure, median } from "./measure.js";
import { DATABASE_PATH, rpm } from "./rpm-root.js";
import type { History, Release } from "./update-history.js";

export interface OneChange {
  /** Of the package that was changed in truth. */
  readonly name: string;
  /** Of its RPM. */
  readonly size: number;
  /** Of compressed bytes. */
  readonly reused: number;
  /** Processes: all layers written, only those that changed, and Node's own start. */
  readonly times: readonly Measurement[];
  /** Seconds, medians, without the start of the processes: all layers written, and only those that changed. */
  readonly stages: readonly [number, number];
  /** What would be reused after a change of each single package, in ascending order. */
  readonly shares: readonly PackageShare[];
}

export interface PackageShare {
  readonly source: string;
  readonly reused: number;
}

const CREATED = 1_800_000_000;

export async function measureOneChange(history: History, runs: number): Promise<OneChange> {
  const folder = makeWorkFolder("one-change-");
  try {
    const root = join(folder, "root");
    const way = own("source");
    rpm(
      root,
      "-i",
      history.base.map(({ file }) => file),
    );
    await canonicalizeRoot(root, DATABASE_PATH, CREATED);
    const groups = way.plan(history.base, root);
    const stage = new Stage(folder, root);
    const before = stage.run("first", { groups, known: [] }).layers;

    const changed = mediumChange(history);
    rpm(root, "-U", [changed.file]);
    await canonicalizeRoot(root, DATABASE_PATH, CREATED);
    const releases = history.base.map((release) => (release.locked.name === changed.locked.name ? changed : release));
    const plan = { groups: way.plan(releases, root), known: before.map(({ key }) => key) };
    const after = stage.run("first", plan).layers;
    const written = after.reduce((sum, { size }) => sum + (size ?? 0), 0);
    const sizes = new Map(before.map(({ key, size }) => [key, size ?? 0]));
    const total = after.reduce((sum, { key, size }) => sum + (size ?? sizes.get(key) ?? 0), 0);
    const all = { ...plan, known: [] };
    const times = measure(
      [
        { name: "all layers", script: stage.script("cold", all) },
        { name: "what has changed", script: stage.script("warm", plan) },
        { name: "node, doing nothing", script: `${process.execPath} -e 0` },
      ],
      runs,
    );
    // In turn, as the machine's speed drifts.
    const seconds = Array.from({ length: runs }, () => [
      stage.run("cold", all).seconds,
      stage.run("warm", plan).seconds,
    ]);
    const stages = [median(seconds.map(([cold = 0]) => cold)), median(seconds.map(([, warm = 0]) => warm))] as const;
    const { name, size = 0 } = changed.locked;
    return { name, size, reused: 1 - written / total, times, stages, shares: sharesOf(history.base, groups, before) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class Stage {
  constructor(
    private readonly folder: string,
    private readonly root: string,
  ) {}

  script(name: string, plan: StagePlan): string {
    const directory = join(this.folder, name);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(this.folder, `${name}.json`), JSON.stringify(plan));
    return `${process.execPath} ${layerStage} ${this.root} ${DATABASE_PATH} ${directory} gzip ${directory}.json`;
  }

  run(name: string, plan: StagePlan): StageResult {
    execFileSync("sync");
    return JSON.parse(execFileSync("sh", ["-c", this.script(name, plan)], { encoding: "utf8" })) as StageResult;
  }
}

/** A real newer version of a package that is the only one of its source: the medium one by size. */
function mediumChange({ base, updates }: History): Release {
  const count = (sourceRpm: string | undefined): number =>
    base.filter(({ locked }) => locked.sourceRpm === sourceRpm).length;
  const old = new Map(base.map(({ locked }) => [locked.name, locked.sourceRpm]));
  const candidates = updates
    .flatMap(({ releases }) => releases)
    .filter(({ locked }) => count(old.get(locked.name)) === 1)
    .toSorted((a, b) => (a.locked.size ?? 0) - (b.locked.size ?? 0));
  const release = candidates[Math.floor(candidates.length / 2)];
  if (release === undefined) throw new Error("no update changes a single package");
  return release;
}

/** The topmost layer, which has the rpm database, always changes. */
function sharesOf(base: readonly Release[], groups: Groups, layers: readonly StagedLayer[]): readonly PackageShare[] {
  const sizes = layers.map(({ size }) => size ?? 0);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  // Groups without files have no layer.
  if (sizes.length !== groups.length + 1) throw new Error("a group has no files");
  const lost = (name: string): number => (sizes[groups.findIndex((group) => group.includes(name))] ?? 0) / total;
  const top = (sizes.at(-1) ?? 0) / total;
  return namedPackages(
    base.map(({ locked }) => locked),
    [],
  )
    .map(({ name, source }) => ({ source, reused: 1 - lost(name) - top }))
    .sort((a, b) => a.reused - b.reused);
}

export function oneChangeReport({ name, size, reused, times, stages, shares }: OneChange): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const all = shares.map((share) => share.reused);
  const mean = all.reduce((sum, share) => sum + share, 0) / all.length;
  const below = shares.filter((share) => share.reused < 0.95);
  const sources = [...new Set(below.map(({ source }) => source))].join(", ");
  const [cold = Number.NaN, warm = Number.NaN, node = 0] = times.map(({ median: { wall } }) => wall);
  return [
    `${name} changes (an RPM of ${(size / 1000).toFixed(0)} kB): ${percent(reused)} of the compressed bytes reused.`,
    `Any of ${all.length} packages: mean ${percent(mean)}, median ${percent(median(all))}, ` +
      `worst ${percent(all[0] ?? 0)}; below 95 %: ${below.length}, of ${sources}.`,
    "",
    "| layer stage, source, gzip | wall, s | CPU, s | memory, MiB |",
    "|---|---:|---:|---:|",
    ...times.map((measured) => {
      const { wall, cpu, memory } = measured.median;
      return `| ${measured.name} | ${wall.toFixed(2)} | ${cpu.toFixed(2)} | ${memory.toFixed(0)} |`;
    }),
    "",
    `Times as long, all layers: ${(cold / warm).toFixed(1)}; without Node's start ${((cold - node) / (warm - node)).toFixed(1)}`,
    `The stage alone: ${stages.map((stage) => `${stage.toFixed(2)} s`).join(" and ")}, ${(stages[0] / stages[1]).toFixed(1)} times as long`,
  ].join("\n");
}

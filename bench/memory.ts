/** How much memory does the layer stage take for a root of more than 10 GiB? */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Groups } from "./layer-sizes.js";
import { type LayerSubject, layerStage } from "./layer-subject.js";
import { type Times, time } from "./measure.js";
import { DATABASE_PATH } from "./rpm-root.js";

/** Of a tree of 2 GB, besides itself. */
const COPIES = 5;

export interface MemoryResult {
  readonly name: string;
  readonly times: Times;
  /** MiB, without what Node takes when it does nothing. */
  readonly own: number;
}

/** Packages own one copy of the tree only. */
export function makeHugeRoot({ root }: LayerSubject): void {
  const copies = join(root, "copies");
  mkdirSync(copies);
  const folders = ["usr", "etc", "var", "opt"].map((name) => join(root, name));
  for (let copy = 1; copy <= COPIES; copy += 1) {
    const folder = join(copies, String(copy));
    mkdirSync(folder);
    for (const source of folders) execFileSync("cp", ["-a", source, folder]);
  }
}

export function measureMemory({ root, folder }: LayerSubject, groups: Groups): readonly MemoryResult[] {
  const plan = join(folder, "plan.json");
  writeFileSync(plan, JSON.stringify({ groups, known: [] }));
  const directory = join(folder, "memory");
  const node = time({ name: "node", script: `${process.execPath} -e 0` });
  const stage = (compression: string, planned: boolean): MemoryResult => {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    const name = `${compression}, ${planned ? `${groups.length + 1} layers` : "one layer"}`;
    const command = [process.execPath, layerStage, root, DATABASE_PATH, directory, compression, planned ? plan : ""];
    const times = time({ name, script: command.join(" ") });
    return { name, times, own: times.memory - node.memory };
  };
  return [
    { name: "node, doing nothing", times: node, own: 0 },
    ...["gzip", "zstd"].flatMap((compression) => [stage(compression, false), stage(compression, true)]),
  ];
}

export function memoryReport({ root }: LayerSubject, results: readonly MemoryResult[]): string {
  const bytes = Number(
    execFileSync("du", ["-s", "--apparent-size", "--block-size=1", root], { encoding: "utf8" }).split("\t")[0],
  );
  return [
    `A root of ${(bytes / 2 ** 30).toFixed(1)} GiB`,
    "",
    "| layer stage | wall, s | CPU, s | memory, MiB | above Node's own |",
    "|---|---:|---:|---:|---:|",
    ...results.map(({ name, times: { wall, cpu, memory }, own }) => {
      const cells = [name, wall.toFixed(1), cpu.toFixed(1), memory.toFixed(0), own.toFixed(0)];
      return `| ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}

/** How close does the resolver come to what libsolv itself needs, with a cache and from compressed XML? */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryIn } from "../tests/native/support/package-repository.js";
import { keptPath } from "./folder.js";
import { type LargeSubject, project } from "./large-subject.js";
import { median } from "./measure.js";

export interface FloorMeasurement {
  readonly title: string;
  /** Milliseconds, medians. */
  readonly ours: number;
  readonly floor: number;
  /** How many packages each would install. */
  readonly packages: readonly [number, number];
}

interface Timings {
  readonly total: number;
  readonly packages: number;
}

/** Alternates between both, each in a fresh process. */
export function measureFloor({ repository, chosen, folder }: LargeSubject, runs: number): FloorMeasurement[] {
  const { primary } = repositoryIn(repository, "large");
  const program = compile();
  const solv = join(folder, "floor.solv");
  execFileSync(program, ["write", primary, solv]);
  const cache = join(folder, "pool-cache");
  mkdirSync(cache);
  const run = (command: string, args: readonly string[]): Timings =>
    JSON.parse(execFileSync(command, [...args, ...chosen], { encoding: "utf8" })) as Timings;
  const ours = (directory: string): Timings =>
    run(process.execPath, [join(import.meta.dirname, "pool-timings.js"), repository, directory]);
  ours(cache);
  return [
    compare(
      "Warm: cache read, 100 packages resolved",
      runs,
      () => ours(cache),
      () => run(program, ["warm", solv]),
    ),
    compare(
      "Cold: primary.xml.gz read, 100 packages resolved",
      runs,
      () => ours(""),
      () => run(program, ["cold", primary]),
    ),
  ];
}

function compare(title: string, runs: number, ours: () => Timings, floor: () => Timings): FloorMeasurement {
  const pairs = Array.from({ length: runs + 1 }, () => [ours(), floor()] as const).slice(1);
  const total = (index: 0 | 1): number => median(pairs.map((pair) => pair[index].total));
  const packages = pairs[0]?.map((timings) => timings.packages) ?? [];
  return { title, ours: total(0), floor: total(1), packages: [packages[0] ?? 0, packages[1] ?? 0] };
}

function compile(): string {
  const output = keptPath("libsolv-floor");
  const flags = execFileSync("pkg-config", ["--cflags", "--libs", "libsolv", "libsolvext"], { encoding: "utf8" });
  const source = join(project, "bench/libsolv-floor.c");
  execFileSync("cc", ["-O2", "-o", output, source, ...flags.trim().split(/\s+/)]);
  return output;
}

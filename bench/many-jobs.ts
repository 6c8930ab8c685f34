/** How long does one of many jobs take on a pool that is open, and does the pool's memory grow with them? */
import { readFileSync } from "node:fs";
import { openPool, repositoryIn, solve } from "../tests/native/support/package-repository.js";
import { randomIntegers } from "../tests/support/random.js";
import { median } from "./measure.js";

export interface ManyJobs {
  /** Milliseconds: the median of the first 200 jobs. */
  readonly median: number;
  /** MiB after so many jobs. */
  readonly memory: ReadonlyMap<number, number>;
}

/** Jobs are ten random names each; one in many cannot be done, as packages exclude each other. */
export async function measureManyJobs(repository: string, names: readonly string[], jobs: number): Promise<ManyJobs> {
  const random = randomIntegers(3);
  const pool = await openPool([repositoryIn(repository, "large")]);
  const times: number[] = [];
  const memory = new Map<number, number>();
  for (let job = 1; job <= jobs; job += 1) {
    const specs = Array.from({ length: 10 }, () => names[random(names.length)] as string);
    const start = performance.now();
    await solve(pool, specs);
    if (times.length < 200) times.push(performance.now() - start);
    if (job === 1000 || job === 5000 || job === jobs) memory.set(job, residentMemory());
  }
  pool.close();
  return { median: median(times), memory };
}

function residentMemory(): number {
  const [, kibibytes = ""] = /^VmRSS:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kibibytes) / 1024;
}

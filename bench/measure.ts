/** Times whole commands, in turn with the peer's, so that a machine whose speed drifts is fair to both. */
import { spawnSync } from "node:child_process";

export interface Candidate {
  readonly name: string;
  /** A shell script; its time is taken as a whole. */
  readonly script: string;
  /** Runs before each run, untimed. */
  readonly prepare?: () => void;
}

export interface Times {
  /** Seconds. */
  readonly wall: number;
  /** Seconds of user and system time of all processes. */
  readonly cpu: number;
}

export interface Measurement {
  readonly name: string;
  readonly median: Times;
  /** The first candidate's median divides into this one's: 2 means twice as long as the first. */
  readonly wallRatio: number;
  readonly cpuRatio: number;
}

/** Runs each candidate `runs` times after one warm-up, alternating. Throws when one exits with another code than 0. */
export function measure(candidates: readonly Candidate[], runs: number): readonly Measurement[] {
  const times = candidates.map((): Times[] => []);
  for (let run = 0; run <= runs; run += 1) {
    for (const [index, candidate] of candidates.entries()) {
      candidate.prepare?.();
      const result = time(candidate);
      if (run > 0) times[index]?.push(result);
    }
  }
  const medians = times.map((list) => ({
    wall: median(list.map(({ wall }) => wall)),
    cpu: median(list.map(({ cpu }) => cpu)),
  }));
  const first = medians[0] ?? { wall: Number.NaN, cpu: Number.NaN };
  return candidates.map(({ name }, index) => {
    const own = medians[index] ?? first;
    return { name, median: own, wallRatio: own.wall / first.wall, cpuRatio: own.cpu / first.cpu };
  });
}

function time({ name, script }: Candidate): Times {
  const timed = `TIMEFORMAT='%R %U %S'; time { ${script}\n} 2>/dev/null >/dev/null`;
  const result = spawnSync("bash", ["-c", `set -o pipefail; ${timed}`], { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${name} failed: ${script}\n${result.stderr}`);
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = result.stderr.trim().split(" ").map(Number);
  return { wall, cpu: user + system };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** Times whole commands, in turn with the peer's, so that a machine whose speed drifts is fair to both. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

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
  /** MiB: the largest resident set of any one process. */
  readonly memory: number;
}

export interface Measurement {
  readonly name: string;
  readonly median: Times;
  /** The first candidate's median divides into this one's: 2 means twice as long as the first. */
  readonly wallRatio: number;
  readonly cpuRatio: number;
  readonly memoryRatio: number;
}

/** Runs each candidate `runs` times after one warm-up, alternating. Throws when one exits with another code than 0. */
export function measure(candidates: readonly Candidate[], runs: number): readonly Measurement[] {
  const times = candidates.map((): Times[] => []);
  for (let run = 0; run <= runs; run += 1) {
    for (const [index, candidate] of candidates.entries()) {
      candidate.prepare?.();
      // What others wrote before must not be written to disk at this one's expense.
      spawnSync("sync");
      const result = time(candidate);
      if (run > 0) times[index]?.push(result);
    }
  }
  const medians = times.map(
    (list): Times => ({
      wall: median(list.map(({ wall }) => wall)),
      cpu: median(list.map(({ cpu }) => cpu)),
      memory: median(list.map(({ memory }) => memory)),
    }),
  );
  const first = medians[0] ?? { wall: Number.NaN, cpu: Number.NaN, memory: Number.NaN };
  return candidates.map(({ name }, index) => {
    const own = medians[index] ?? first;
    const ratio = (part: keyof Times): number => own[part] / first[part];
    return { name, median: own, wallRatio: ratio("wall"), cpuRatio: ratio("cpu"), memoryRatio: ratio("memory") };
  });
}

/** This file is compiled to build/js/bench. */
const timer = resolve(import.meta.dirname, "../../../bench/timed.py");

export function time({ name, script }: Candidate): Times {
  // With these, Node reads certificates or modules at every start, which is no candidate's own time.
  const { NODE_EXTRA_CA_CERTS, NODE_OPTIONS, ...env } = process.env;
  const result = spawnSync("python3", [timer, script], { encoding: "utf8", env });
  if (result.status !== 0) throw new Error(`${name} failed: ${script}\n${result.stderr}`);
  return JSON.parse(result.stdout) as Times;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

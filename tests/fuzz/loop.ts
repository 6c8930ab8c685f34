/** The thread that `main.ts` watches: mutates, runs, and keeps what reaches new code. */
import { parentPort, workerData } from "node:worker_threads";
import { randomIntegers } from "../support/random.js";
import { addToCorpus, readCorpus } from "./corpus.js";
import { Coverage } from "./coverage.js";
import { mutate } from "./mutation.js";
import { isIntended, targets } from "./targets.js";

/** More than any input has. */
export const INPUT_BYTES = 1 << 16;

/** Asking for the coverage takes as long as running hundreds of inputs. */
const BATCH = 64;

export interface Report {
  readonly target: string;
  readonly executions: number;
  readonly blocks: number;
  readonly corpus: number;
  readonly failure?: { readonly input: string; readonly reason: string };
}

interface Task {
  readonly target: string;
  readonly seconds: number;
  readonly seed: number;
  /** Whether inputs that reach new code go into the project's corpus. */
  readonly keep: boolean;
  /** A count of executions, the length of the current input, and the input. */
  readonly current: SharedArrayBuffer;
}

async function loop({ target, seconds, seed, keep, current }: Task): Promise<Report> {
  const { run, tokens } = targets[target] ?? { run: () => {}, tokens: [] };
  const random = randomIntegers(seed);
  const coverage = await Coverage.start();
  const corpus = [...readCorpus(target)];
  const counts = new Int32Array(current, 0, 2);
  const bytes = new Uint8Array(current, 8);
  const encoder = new TextEncoder();
  const report = (failure?: Report["failure"]): Report => ({
    target,
    executions: Atomics.load(counts, 0),
    blocks: coverage.size,
    corpus: corpus.length,
    ...(failure === undefined ? {} : { failure }),
  });
  /** Returns why the input is a finding, or null. */
  const execute = async (input: string): Promise<string | null> => {
    Atomics.store(counts, 1, encoder.encodeInto(input, bytes).written);
    Atomics.add(counts, 0, 1);
    try {
      await run(input);
      return null;
    } catch (error) {
      if (isIntended(error)) return null;
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
  };
  for (const input of corpus) {
    const reason = await execute(input);
    if (reason !== null) return report({ input, reason });
  }
  await coverage.countNew();
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const inputs = Array.from({ length: BATCH }, () => mutate(corpus.length === 0 ? [""] : corpus, tokens, random));
    for (const input of inputs) {
      const reason = await execute(input);
      if (reason !== null) return report({ input, reason });
    }
    if (!(await coverage.hasNew())) continue;
    for (const input of inputs) {
      await execute(input);
      if ((await coverage.countNew()) === 0) continue;
      corpus.push(input);
      if (keep) addToCorpus(target, input);
    }
  }
  return report();
}

if (parentPort !== null) parentPort.postMessage(await loop(workerData as Task));

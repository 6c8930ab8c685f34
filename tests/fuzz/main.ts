/**
 * Fuzzes the parsers in TypeScript, guided by coverage: `node build/js/tests/fuzz/main.js [TARGET [SECONDS [SEED]]]`;
 * without a target all of them in turn, for ten seconds each. What reaches new code is added to the corpus below
 * `tests/fuzz/corpus`; what fails is left in `build/fuzz/found`, and the exit code is 1. With `--check` it takes a second
 * for each target, begins as every time, and adds nothing.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { projectRoot } from "../support/project.js";
import { INPUT_BYTES, type Report } from "./loop.js";
import { targets } from "./targets.js";

/** Milliseconds that no input may take. */
const PATIENCE = 5000;

/** Resolves to the input that failed, if any, and why. */
function fuzz(target: string, seconds: number, seed: number, keep: boolean): Promise<Report> {
  const current = new SharedArrayBuffer(8 + INPUT_BYTES);
  const [counter, length] = [new Int32Array(current, 0, 1), new Int32Array(current, 4, 1)];
  const worker = new Worker(new URL("loop.js", import.meta.url), {
    workerData: { target, seconds, seed, keep, current },
  });
  return new Promise((resolve, reject) => {
    let before = -1;
    const watch = setInterval(() => {
      const now = Atomics.load(counter, 0);
      if (now === before) {
        const input = Buffer.from(current, 8, Atomics.load(length, 0)).toString();
        end({
          target,
          executions: now,
          blocks: 0,
          corpus: 0,
          failure: { input, reason: `no end after ${PATIENCE} ms` },
        });
      }
      before = now;
    }, PATIENCE);
    const end = (report: Report): void => {
      clearInterval(watch);
      worker.terminate();
      resolve(report);
    };
    worker.on("message", end);
    worker.on("error", (error) => {
      clearInterval(watch);
      reject(error);
    });
  });
}

const arguments_ = process.argv.slice(2);
const check = arguments_[0] === "--check";
const [chosen, duration = "10", seed = String(Date.now())] = check ? [undefined, "1", "1"] : arguments_;
for (const target of chosen === undefined ? Object.keys(targets) : [chosen]) {
  const { executions, blocks, corpus, failure } = await fuzz(target, Number(duration), Number(seed), !check);
  console.log(`${target}: ${executions} inputs run, ${blocks} blocks reached, ${corpus} inputs in the corpus`);
  if (failure === undefined) continue;
  const folder = join(projectRoot, "build/fuzz/found");
  const file = join(folder, `${target}-${createHash("sha256").update(failure.input).digest("hex").slice(0, 16)}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, failure.input);
  console.error(`${target} failed on ${file}: ${failure.reason}`);
  process.exitCode = 1;
}

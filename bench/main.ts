/** Measures every question and prints one table. Usage: node build/js/bench/main.js [--set small|default|large] [--runs N] */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { makeDistribution } from "../scripts/distribution/distribution.js";
import * as build from "./build.js";
import { measure } from "./measure.js";
import { prepareSubject } from "./subject.js";
import * as update from "./update.js";

const { values } = parseArgs({
  options: { set: { type: "string", default: "default" }, runs: { type: "string", default: "3" } },
});
const set = values.set === "small" || values.set === "large" ? values.set : "default";
const out = resolve(import.meta.dirname, `../../../build/distribution/plain-${set}`);
await makeDistribution({ out, contents: set, kind: "plain" });

const subject = prepareSubject(out);
try {
  console.log(`${subject.packages} packages, median of ${values.runs} runs after one warm-up, seconds\n`);
  console.log("| question | way | wall | CPU | wall, times ours | CPU, times ours |");
  console.log("|---|---|---|---|---|---|");
  for (const { title, candidates } of [update, build]) {
    for (const { name, median, wallRatio, cpuRatio } of measure(candidates(subject), Number(values.runs))) {
      const cells = [median.wall, median.cpu, wallRatio, cpuRatio].map((value) => value.toFixed(2));
      console.log(`| ${title} | ${name} | ${cells.join(" | ")} |`);
    }
  }
} finally {
  subject.dispose();
}

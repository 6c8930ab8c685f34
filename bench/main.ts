/**
 * Measures every question and prints tables.
 * Usage: node build/js/bench/main.js [--set small|default|large] [--runs N] [--jobs N] [--history release|oldest]
 *   [--ways REGEXP] [--only resolve|build|packages|install|layers|updates|change|memory]
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { makeDistribution } from "../scripts/distribution/distribution.js";
import * as build from "./build.js";
import { measureFloor } from "./floor.js";
import * as install from "./install.js";
import { prepareLargeSubject } from "./large-subject.js";
import * as largeUpdate from "./large-update.js";
import { prepareLayerSubject } from "./layer-subject.js";
import { own } from "./layer-ways.js";
import * as layers from "./layers.js";
import { measureManyJobs } from "./many-jobs.js";
import { type Candidate, type Measurement, measure } from "./measure.js";
import { makeHugeRoot, measureMemory, memoryReport } from "./memory.js";
import { measureOneChange, oneChangeReport } from "./one-change.js";
import { preparePackagesSubject } from "./packages.js";
import { prepareSubject } from "./subject.js";
import * as update from "./update.js";
import { type History, releasesAfter, updateHistory } from "./update-history.js";
import { measureUpdates, updateTable } from "./updates.js";

const { values } = parseArgs({
  options: {
    set: { type: "string", default: "default" },
    runs: { type: "string", default: "3" },
    /** For the growth of memory; ten thousand take minutes. */
    jobs: { type: "string", default: "1000" },
    only: { type: "string" },
    /** A regular expression: only ways whose names it matches. */
    ways: { type: "string", default: "" },
    /** Where ten updates begin: with the release's own suite, or with the oldest versions that any suite has. */
    history: { type: "string", default: "release" },
  },
});
const runs = Number(values.runs);
const contents = values.set === "small" || values.set === "large" ? values.set : "default";

function printTable(questions: readonly (readonly [string, readonly Candidate[]])[]): readonly Measurement[] {
  console.log("| question | way | wall, s | CPU, s | memory, MiB | wall, times ours | CPU | memory |");
  console.log("|---|---|---|---|---|---|---|---|");
  const ways = new RegExp(values.ways);
  const measured: Measurement[] = [];
  for (const [title, all] of questions) {
    const candidates = all.filter(({ name }) => ways.test(name));
    for (const way of measure(candidates, runs)) {
      measured.push(way);
      const { name, median, wallRatio, cpuRatio, memoryRatio } = way;
      const { wall, cpu, memory } = median;
      const cells = [wall.toFixed(2), cpu.toFixed(2), memory.toFixed(0)];
      const ratios = [wallRatio, cpuRatio, memoryRatio].map((ratio) => ratio.toFixed(2));
      console.log(`| ${[title, name, ...cells, ...ratios].join(" | ")} |`);
    }
  }
  return measured;
}

async function measureDistribution(): Promise<void> {
  const out = resolve(import.meta.dirname, `../../../build/distribution/plain-${contents}`);
  await makeDistribution({ out, contents, kind: "plain" });
  const subject = prepareSubject(out);
  try {
    console.log(`${subject.packages} packages, median of ${runs} runs after one warm-up\n`);
    printTable([
      [update.title, update.candidates(subject)],
      [build.title, build.candidates(subject)],
    ]);
  } finally {
    subject.dispose();
  }
}

async function measurePackages(): Promise<void> {
  const out = resolve(import.meta.dirname, `../../../build/distribution/plain-${contents}`);
  await makeDistribution({ out, contents, kind: "plain" });
  const subject = await preparePackagesSubject(out);
  try {
    console.log(`\n${subject.packages} packages of ${(subject.bytes / 1e6).toFixed(0)} MB\n`);
    printTable(subject.questions);
  } finally {
    subject.dispose();
  }
}

async function measureInstall(): Promise<void> {
  const out = resolve(import.meta.dirname, `../../../build/distribution/plain-${contents}`);
  await makeDistribution({ out, contents, kind: "plain" });
  const subject = prepareSubject(out);
  try {
    console.log(`\n${subject.packages} packages, median of ${runs} runs after one warm-up\n`);
    printTable([[install.title, install.candidates(subject, out)]]);
  } finally {
    subject.dispose();
  }
}

async function measureLargeRepository(): Promise<void> {
  const subject = await prepareLargeSubject({ fileLists: false });
  const withFileLists = await prepareLargeSubject({ fileLists: true });
  try {
    const { packages, requirements, repository, names } = subject;
    console.log(`${packages} packages with ${requirements} requirements, median of ${runs} runs after one warm-up\n`);
    printTable([
      ["Lock 100 packages, no file lists", largeUpdate.candidates(subject)],
      ["Lock 100 packages, with file lists", largeUpdate.candidates(withFileLists)],
    ]);
    console.log(
      "\n| inside of one process | rpmoci, ms | libsolv alone, ms | ratio | packages |\n|---|---|---|---|---|",
    );
    for (const { title, ours, floor, packages: found } of measureFloor(subject, runs)) {
      const cells = [title, ours.toFixed(0), floor.toFixed(0), (ours / floor).toFixed(2), found.join(" and ")];
      console.log(`| ${cells.join(" | ")} |`);
    }
    const jobs = await measureManyJobs(repository, names, Number(values.jobs));
    console.log(`\nOne of 200 jobs of ten names through one open pool: ${jobs.median.toFixed(1)} ms (median)`);
    for (const [count, memory] of jobs.memory) console.log(`Memory after ${count} jobs: ${memory.toFixed(0)} MiB`);
  } finally {
    subject.dispose();
    withFileLists.dispose();
  }
}

async function measureLayers(): Promise<void> {
  const subject = await prepareLayerSubject(contents);
  try {
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
    const { packages, archive } = subject;
    console.log(`\n${packages} packages, an archive of ${megabytes(statSync(archive).size)}\n`);
    const measured = printTable([[layers.title, layers.candidates(subject)]]);
    const sizes = [...layers.sizes(subject)].map(([name, bytes]) => `${name} ${megabytes(bytes)}`);
    console.log(`\nBlobs: ${sizes.join(", ")}`);
    console.log(`\n${layers.ratios(subject, measured, layers.measureLayerFloors(subject, runs))}`);
    console.log(`\n${layers.compareCompressors(subject)}`);
  } finally {
    subject.dispose();
  }
}

function largeHistory(): Promise<History> {
  const report = (line: string): void => console.error(`distribution: ${line}`);
  return updateHistory(values.history === "oldest" ? "oldest" : "release", report);
}

async function measureTenUpdates(): Promise<void> {
  const history = await largeHistory();
  console.log(`\n${history.base.length} packages; the share of compressed bytes that the image before had\n`);
  const results = await measureUpdates(history, (line) => console.error(`updates: ${line}`));
  console.log(updateTable(results));
}

async function measureChange(): Promise<void> {
  const history = await largeHistory();
  console.log(`\n${oneChangeReport(await measureOneChange(history, Math.max(runs, 5)))}`);
}

async function measureHugeRoot(): Promise<void> {
  const history = await largeHistory();
  const subject = await prepareLayerSubject("large");
  try {
    makeHugeRoot(subject);
    const groups = own("source").plan(releasesAfter(history, history.updates.length), subject.root);
    console.log(`\n${memoryReport(subject, measureMemory(subject, groups))}`);
  } finally {
    subject.dispose();
  }
}

const questions = {
  resolve: measureLargeRepository,
  build: measureDistribution,
  packages: measurePackages,
  install: measureInstall,
  layers: measureLayers,
  updates: measureTenUpdates,
  change: measureChange,
  memory: measureHugeRoot,
};
for (const [name, measureQuestion] of Object.entries(questions)) {
  if (values.only === undefined || values.only === name) await measureQuestion();
}

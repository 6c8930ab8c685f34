/**
 * Compares resolutions with dnf's, all of them: every name of a repository with and without weak dependencies, and
 * random sets, globs, capabilities and paths. Ends with 1 when any differ.
 * Usage: node build/js/bench/compare-dnf.js [--seed N] [--sets N] [--others N] [FOLDER …]
 * Folders hold `repodata`; by default the distribution with real contents, and others' data where it is present.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { makeDistribution } from "../scripts/distribution/distribution.js";
import { compareWithDnf, describe } from "../tests/support/compare-with-dnf.js";
import { projectRoot } from "../tests/support/project.js";
import { realData } from "../tests/support/real-data.js";
import { kinds, makeJobs } from "../tests/support/resolution-jobs.js";

const { values, positionals } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    sets: { type: "string", default: "300" },
    others: { type: "string", default: "100" },
  },
  allowPositionals: true,
});

async function defaultFolders(): Promise<string[]> {
  const out = resolve(projectRoot, "build/distribution/plain-default");
  await makeDistribution({ out, contents: "default", kind: "plain" });
  const { folder, skip } = realData("repos", "centos-stream-9-baseos");
  return [resolve(out, "repo"), ...(skip === false ? [folder] : [])];
}

for (const folder of positionals.length > 0 ? positionals : await defaultFolders()) {
  const counts = { sets: Number(values.sets), others: Number(values.others) };
  const jobs = makeJobs(folder, counts, Number(values.seed));
  console.log(`${folder}\n\n| kind | jobs | agree | of which both install | differ |\n|---|---|---|---|---|`);
  const differences: string[] = [];
  for (const kind of kinds) {
    const comparisons = await compareWithDnf([{ id: "subject", folder }], jobs[kind]);
    const agreeing = comparisons.filter(({ agrees }) => agrees);
    const installing = agreeing.filter(({ dnfs }) => typeof dnfs !== "string");
    const cells = [jobs[kind].length, agreeing.length, installing.length, comparisons.length - agreeing.length];
    console.log(`| ${kind} | ${cells.join(" | ")} |`);
    differences.push(...comparisons.filter(({ agrees }) => !agrees).map(describe));
  }
  console.log(["", ...differences, ""].join("\n"));
  if (differences.length > 0) process.exitCode = 1;
}

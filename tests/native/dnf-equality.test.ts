/** The resolver against dnf's own library: the same packages, or no packages, for the same words. */
import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { compareWithDnf, describe } from "../support/compare-with-dnf.js";
import { distributionFixture } from "../support/distribution-fixture.js";
import { type OracleRepository, oracleMissing, type ResolutionJob } from "../support/dnf-oracle.js";
import { realData } from "../support/real-data.js";
import { kinds, makeJobs } from "../support/resolution-jobs.js";
import { first, jobs, second, settings } from "./support/dnf-cases.js";
import { makeRepository, toolsMissing } from "./support/package-repository.js";
import { Workspace } from "./support/rpm-tools.js";

const skip = (await oracleMissing()) || toolsMissing;

async function assertEqual(repositories: readonly OracleRepository[], jobs: readonly ResolutionJob[]): Promise<void> {
  const comparisons = await compareWithDnf(repositories, jobs);
  assert.equal(comparisons.length, jobs.length);
  assert.deepEqual(comparisons.filter(({ agrees }) => !agrees).map(describe), []);
}

/** Some of each kind of job that `bench/compare-dnf.ts` asks all of. */
function sample(folder: string): ResolutionJob[] {
  const jobs = makeJobs(folder, { sets: 20, others: 25 }, 2024);
  return kinds.flatMap((kind) => (kind === "names" ? jobs[kind].filter((_, index) => index % 17 === 0) : jobs[kind]));
}

const baseos = realData("repos", "centos-stream-9-baseos");

test("jobs on CentOS Stream 9 BaseOS", { skip: skip || baseos.skip }, async () => {
  await assertEqual([{ id: "baseos", folder: baseos.folder }], sample(baseos.folder));
});

/** It is looked at with programs that hang when a sanitizer is loaded into them. */
const sanitized = process.env.LD_PRELOAD?.includes("libasan") === true && "a sanitizer is loaded";

test("jobs on the distribution with real contents", { skip: skip || sanitized }, async (t) => {
  const distribution = await distributionFixture(t);
  if (distribution === null) return;
  const folder = path.join(distribution.folder, "repo");
  await assertEqual([{ id: "distribution", folder }], sample(folder));
});

test("jobs on two repositories", { skip }, async (t) => {
  const [one = "", two = ""] = [first, second].map((packages) => {
    const workspace = new Workspace();
    t.after(() => workspace[Symbol.dispose]());
    return path.join(makeRepository(workspace, "packages", packages).repomd, "../..");
  });
  for (const [title, [left, right]] of Object.entries(settings)) {
    await t.test(title, async () => {
      await assertEqual(
        [
          { id: "first", folder: one, ...left },
          { id: "second", folder: two, ...right },
        ],
        jobs,
      );
    });
  }
});
